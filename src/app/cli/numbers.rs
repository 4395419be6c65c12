//! `predial numbers`: the CRM's numbers that could not be read, as CSV.

use super::{Outcome, arguments::NumbersArguments, door::Door, print, remark};

pub(super) async fn run(arguments: NumbersArguments) -> Outcome {
    let door = Door::new(arguments.door)?;
    let (table, beyond) = door.table(door.project(&arguments.project, "numbers")).await?;
    if beyond > 0 {
        remark(&format!("{beyond} more are not listed: put some of these right first"));
    }
    print(&table)
}
