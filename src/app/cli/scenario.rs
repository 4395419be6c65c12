//! `predial scenario try`: past calls through a changed matrix, as a person reads what differs.

use std::{collections::BTreeMap, fmt::Write, path::Path};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Ending, Outcome,
    arguments::{ScenarioArguments, ScenarioCommand},
    door::{Door, DoorError},
    journal::plain,
    print,
};

/// What the door tells; see `journal::Tried`.
#[derive(Debug, Deserialize)]
struct Tried {
    calls: Vec<Call>,
    compared: u64,
    never_judged: u64,
    not_over: u64,
    no_client: u64,
    pairs: Vec<Pair>,
    after: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Call {
    began: String,
    number: String,
    call_id: String,
    before: Option<String>,
    after: Option<String>,
    differences: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Pair {
    before: Option<String>,
    after: Option<String>,
    calls: u64,
    different: u64,
}

/// What all pages came to.
#[derive(Debug, Default)]
struct Totals {
    pairs: BTreeMap<(String, String), (u64, u64)>,
    compared: u64,
    left_out: [(u64, &'static str); 4],
}

pub(super) async fn run(arguments: ScenarioArguments) -> Outcome {
    let ScenarioCommand::Try { project, since, matrix, door } = arguments.command;
    let matrix = matrix.as_deref().map(text).transpose()?;
    let door = Door::new(door)?;
    let mut url = door.project(&project, "scenario");
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.push("try");
    }
    let (mut totals, mut after) = (Totals::default(), Value::Null);
    loop {
        let asked = json!({ "since": since, "matrix": matrix, "after": after });
        let tried: Tried = match door.post(url.clone(), &asked).await {
            Ok(tried) => tried,
            Err(DoorError::Refused { problems, .. }) if !problems.is_empty() => {
                let lines = problems.iter().map(|wrong| format!("{}:{}: {}\n", wrong.file, wrong.row, wrong.reason));
                print(&lines.collect::<String>())?;
                return Ok(Ending::Refused);
            }
            Err(error) => return Err(error.into()),
        };
        print(&tried.calls.iter().map(line).collect::<String>())?;
        totals.add(&tried);
        match tried.after {
            Some(place) => after = place,
            None => return print(&totals.told()?),
        }
    }
}

fn text(path: &Path) -> Result<Value, std::io::Error> {
    let named = |error: std::io::Error| std::io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let text = std::fs::read_to_string(path).map_err(named)?;
    Ok(json!({ "file": path.display().to_string(), "text": text }))
}

fn row(row: Option<&str>) -> String {
    plain(row.unwrap_or("no row"))
}

fn line(call: &Call) -> String {
    let Call { began, number, call_id, before, after, differences } = call;
    let rows = format!("{} -> {}", row(before.as_deref()), row(after.as_deref()));
    let said = if differences.is_empty() { "the same is done".to_owned() } else { differences.join("; ") };
    format!("{began}  {number}  {}  {rows}  {}\n", plain(call_id), plain(&said))
}

impl Totals {
    fn add(&mut self, tried: &Tried) {
        for Pair { before, after, calls, different } in &tried.pairs {
            let pair = self.pairs.entry((row(before.as_deref()), row(after.as_deref()))).or_default();
            *pair = (pair.0 + calls, pair.1 + different);
        }
        self.compared += tried.compared;
        let counts = [tried.never_judged, tried.not_over, tried.no_client];
        let words = ["never judged", "not over", "without a client"];
        for (sum, (count, word)) in self.left_out.iter_mut().zip(counts.into_iter().zip(words)) {
            *sum = (sum.0 + count, word);
        }
    }

    fn told(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        for ((before, after), (calls, different)) in &self.pairs {
            writeln!(text, "{before} -> {after}: {calls} calls, {different} of them differ")?;
        }
        let left_out = self.left_out.iter().filter(|(count, _)| *count > 0);
        let left_out: String = left_out.map(|(count, word)| format!(", {count} {word}")).collect();
        writeln!(text, "{} calls compared{left_out}; nothing was written", self.compared)?;
        Ok(text)
    }
}
