//! The rows of zoho-desk.

use crate::rows_hold::rows;

rows! { "zoho-desk", "rows/zoho-desk.toml":
    zd_in_ok_new
    zd_in_ok_new_unknown
    zd_in_ok_ticket_owner
    zd_in_ok_ticket_other
    zd_in_ok_ticket_unknown
    zd_in_ok_contact_owner
    zd_in_ok_contact_other
    zd_in_ok_contact_unknown
    zd_in_miss_old
    zd_in_miss_new
    zd_out_new
    zd_out_old
    zd_vm_new
    zd_vm_old
    zd_in_progress
}
