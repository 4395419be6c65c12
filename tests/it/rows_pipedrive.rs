//! The rows of pipedrive.

use crate::rows_hold::rows;

rows! { "pipedrive", "rows/pipedrive.toml":
    pd_in_ok_new
    pd_in_ok_owner
    pd_in_ok_other
    pd_in_miss_new
    pd_in_miss_old
    pd_out_ok
    pd_unknown_new
    pd_unknown_old
    pd_call_data
    pd_no_row
    pd_in_progress
}
