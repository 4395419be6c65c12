//! The rows of smart-crm.

use crate::rows_hold::rows;

rows! { "smart-crm", "rows/smart-crm.toml":
    sm_in_ok_old
    sm_in_ok_new
    sm_in_miss_old
    sm_in_miss_new
    sm_out_ok_old
    sm_out_ok_new
    sm_out_miss_old
    sm_out_miss_new
    sm_in_progress
}
