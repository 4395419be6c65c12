//! The rows of hubspot.

use crate::rows_hold::rows;

rows! { "hubspot", "rows/hubspot.toml":
    hs_in_ok_new
    hs_in_ok_owner
    hs_in_ok_other
    hs_in_miss_new
    hs_in_miss_old
    hs_out_ok
    hs_unknown_new
    hs_unknown_old
    hs_no_row
    hs_in_progress
}
