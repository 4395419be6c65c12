//! `predial check`: every problem of a configuration, and nothing but the configuration.

use std::fmt::Write;

use super::{Ending, Outcome, arguments::CheckArguments, print, remark};
use crate::base::environment::ProcessEnvironment;
use crate::base::problem::Problem;
use crate::config::{self, Examined, Overrides};
use crate::project;

pub(super) fn run(arguments: &CheckArguments) -> Outcome {
    let Examined { settings, mut problems, warnings } =
        config::examine(Some(&arguments.config), &ProcessEnvironment, &Overrides::default());
    // What the files above could not tell, the compiled projects do: all problems come at once.
    let projects = project::compile(&settings).unwrap_or_else(|further| {
        problems.extend(further);
        Vec::new()
    });
    for warning in &warnings {
        remark(&format!("warning: {warning}"));
    }
    if problems.is_empty() {
        let names: Vec<&str> = projects.iter().map(|project| &*project.name).collect();
        return print(&format!("no problems; projects: {}\n", names.join(", ")));
    }
    print(&listed(problems)?)?;
    Ok(Ending::Refused)
}

/// A line per problem, by file and row, each once.
fn listed(mut problems: Vec<Problem>) -> Result<String, std::fmt::Error> {
    problems.sort();
    problems.dedup();
    let mut text = String::new();
    for problem in &problems {
        writeln!(text, "{problem}")?;
    }
    Ok(text)
}
