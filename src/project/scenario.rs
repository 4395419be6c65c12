//! A project's matrix: its CRM's or the one it names, with what it switches off, changes and adds.

use crate::base::problem::{Placed, Problem};
use crate::config::{ProjectSettings, ScenarioFile};
use crate::crm::Adapter;
use crate::model::client::{Kind, KindSet};
use crate::scenario::{Do, Matrix, Row, What};

/// Makes the matrix, or says what is wrong with it: by the matrix's own file and row, or the project's.
pub(super) fn matrix(
    settings: &ProjectSettings,
    files: &[ScenarioFile],
    adapter: &Adapter,
    problems: &mut Vec<Problem>,
) -> Option<Matrix> {
    let scenario = &settings.scenario;
    let name = scenario.file.as_ref().map_or(adapter.name, |file| file.value.trim());
    // A CRM without a matrix of its own is one that nothing is written to.
    if scenario.file.is_none() && !files.iter().any(|file| file.name == name) {
        return Some(Matrix::default());
    }
    let Some(file) = files.iter().find(|file| file.name == name) else {
        let row = scenario.file.as_ref().map_or(0, |file| file.row);
        let known = files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>().join(", ");
        let reason = format!("scenario: expected a matrix's name ({known}), found {name:?}");
        problems.push(Problem::new(&settings.file, row, reason));
        return None;
    };
    let before = problems.len();
    for row in &file.rows {
        check(&file.file, row, adapter, problems);
    }
    for row in &scenario.overrides {
        check(&settings.file, row, adapter, problems);
    }
    for off in &scenario.off {
        if !file.rows.iter().chain(&scenario.overrides).any(|row| row.value.id == off.value) {
            let reason = format!("scenario.off: expected the id of a row of {name}, found {:?}", off.value);
            problems.push(Problem::new(&settings.file, off.row, reason));
        }
    }
    (problems.len() == before).then(|| joined(settings, file))
}

/// What is changed stands where it stood, what is added before all.
fn joined(settings: &ProjectSettings, file: &ScenarioFile) -> Matrix {
    let scenario = &settings.scenario;
    let own = |id: &str| scenario.overrides.iter().find(|row| row.value.id == id);
    let added = scenario.overrides.iter().filter(|row| !file.rows.iter().any(|known| known.value.id == row.value.id));
    let kept = file.rows.iter().map(|row| own(&row.value.id).unwrap_or(row));
    let on = |row: &&Placed<Row>| !scenario.off.iter().any(|off| off.value == row.value.id);
    let rows = added.chain(kept).filter(on).map(|row| row.value.clone()).collect();
    Matrix { rows, statuses: file.statuses.clone() }
}

fn check(file: &str, row: &Placed<Row>, adapter: &Adapter, problems: &mut Vec<Problem>) {
    let mut named = row.value.when.has;
    named = row.value.when.has_not.iter().fold(named, KindSet::with);
    named = row.value.does.iter().filter_map(made).fold(named, KindSet::with);
    for kind in named.iter().filter(|kind| !adapter.kinds.has(*kind)) {
        let has = adapter.kinds.iter().map(Kind::word).collect::<Vec<_>>().join(", ");
        let reason = format!("row {}: expected a kind that {} has ({has}), found {kind}", row.value.id, adapter.name);
        problems.push(Problem::new(file, row.row, reason));
    }
}

const fn made(what: &Do) -> Option<Kind> {
    match &what.what {
        What::Create(create) => Some(create.kind),
        _ => None,
    }
}
