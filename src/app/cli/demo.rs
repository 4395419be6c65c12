//! `predial demo`: the main job, with no account anywhere.

use super::{Ending, Outcome, arguments::DemoArguments};
use crate::app::demo::{DemoOptions, run as show};

pub(super) fn run(arguments: &DemoArguments) -> Outcome {
    let DemoArguments { once, edge, ops } = *arguments;
    Ok(if show(DemoOptions { once, edge, ops })? { Ending::Good } else { Ending::Failed })
}
