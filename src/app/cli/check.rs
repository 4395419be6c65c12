//! `predial check`: every problem of a configuration, and nothing but the configuration.

use std::fmt::Write;

use super::{Ending, Outcome, arguments::CheckArguments, print, remark};
use crate::base::environment::ProcessEnvironment;
use crate::base::problem::Problem;
use crate::config::Overrides;
use crate::project::{self, Configured};

pub(super) fn run(arguments: &CheckArguments) -> Outcome {
    let Configured { projects, problems, warnings, .. } =
        project::configure(Some(&arguments.config), &ProcessEnvironment, &Overrides::default());
    for warning in &warnings {
        remark(&format!("warning: {warning}"));
    }
    if problems.is_empty() {
        let names: Vec<&str> = projects.iter().map(|project| &*project.name).collect();
        return print(&format!("no problems; projects: {}\n", names.join(", ")));
    }
    print(&listed(&problems)?)?;
    Ok(Ending::Refused)
}

/// A line per problem, by file and row.
pub(super) fn listed(problems: &[Problem]) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    for problem in problems {
        writeln!(text, "{problem}")?;
    }
    Ok(text)
}
