//! The rows of zoho-crm.

use crate::rows_hold::rows;

rows! { "zoho-crm", "rows/zoho-crm.toml":
    zc_in_ok_new
    zc_in_ok_new_unknown
    zc_in_ok_owner
    zc_in_ok_other
    zc_in_ok_unknown
    zc_in_miss_new
    zc_in_miss_old
    zc_out_new
    zc_out_ok_old
    zc_out_miss_old
    zc_vm_new
    zc_vm_old
    zc_in_progress
}
