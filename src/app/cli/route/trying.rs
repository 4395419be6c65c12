//! `predial route try`: past calls through a changed configuration.

use std::{
    fmt::{self, Write},
    fs,
    io::Read,
    path::Path,
};

use serde::Deserialize;
use serde_json::json;

use super::arguments::TryArguments;
use crate::app::cli::{
    Ending, Outcome,
    door::{Door, DoorError},
    explain::because,
    print, remark,
};
use crate::base::problem::Problem;
use crate::model::phone::PhoneKey;

/// A project's file, at most, as the configuration has it.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// What the door tells; see `ops::trying`.
#[derive(Debug, Deserialize)]
struct Tried {
    since: Option<String>,
    tried: u64,
    calls: u64,
    same: u64,
    unknown: u64,
    different: u64,
    different_calls: u64,
    changed_since: u64,
    cut: bool,
    differences: Vec<Difference>,
    remarks: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Difference {
    caller: String,
    block: String,
    calls: u64,
    last: Option<String>,
    now: Why,
    then: Why,
    recorded: Option<Recorded>,
}

#[derive(Debug, Deserialize)]
struct Why {
    outcome: String,
    destination: Option<String>,
    employee: Option<String>,
    entity: Option<String>,
    id: Option<String>,
    owner: Option<String>,
    fate: Option<String>,
    reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Recorded {
    outcome: String,
    destination: Option<String>,
}

pub(super) async fn run(arguments: TryArguments) -> Outcome {
    let TryArguments { project, since, config, numbers, limit, door } = arguments;
    let changed = match config.map(|dir| read(&dir.join("projects").join(format!("{project}.toml")))).transpose() {
        Ok(changed) => changed.map(|(file, text)| json!({ "file": file, "text": text })),
        Err(problem) => {
            print(&format!("{problem}\n"))?;
            return Ok(Ending::Refused);
        }
    };
    let door = Door::new(door)?;
    let body = json!({ "since_s": since.as_secs(), "changed": changed, "limit": limit });
    let tried: Tried = match door.post(door.project_path(&project, ["decisions", "try"]), &body).await {
        Ok(tried) => tried,
        Err(DoorError::Refused { problems, .. }) if !problems.is_empty() => {
            print(&problems.iter().map(|problem| format!("{problem}\n")).collect::<String>())?;
            return Ok(Ending::Refused);
        }
        Err(error) => return Err(error.into()),
    };
    for text in &tried.remarks {
        remark(text);
    }
    print(&told(&tried, numbers)?)
}

/// A project's file, as it stands: references in it are followed where the service runs.
fn read(path: &Path) -> Result<(String, String), Problem> {
    let name = path.display().to_string();
    let mut text = String::new();
    let read = fs::File::open(path).and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text));
    match read {
        Ok(bytes) if u64::try_from(bytes).unwrap_or(u64::MAX) <= MAX_FILE_BYTES => Ok((name, text)),
        Ok(_) => Err(Problem::new(&name, 0, format!("expected at most {MAX_FILE_BYTES} bytes, found more"))),
        Err(error) => Err(Problem::new(&name, 0, format!("expected a project's file, found otherwise: {error}"))),
    }
}

fn told(tried: &Tried, numbers: bool) -> Result<String, fmt::Error> {
    let mut text = String::new();
    for difference in &tried.differences {
        let Difference { caller, block, calls, last, now, then, recorded } = difference;
        let key = caller.parse().ok().and_then(PhoneKey::from_digits).filter(|_| !numbers);
        let caller = key.map_or_else(|| caller.clone(), |key| key.to_string());
        write!(text, "{caller}  {block}  {} → {}", answer(now), answer(then))?;
        write!(text, "  [{} → {}]", because_of(now), because_of(then))?;
        write!(text, "  {}, last {}", calls_of(*calls), last.as_deref().unwrap_or("at an unknown time"))?;
        if let Some(Recorded { outcome, destination }) = recorded {
            let was = destination.as_deref().unwrap_or(if outcome == "hit" { "somebody" } else { "nobody" });
            write!(text, "; answered {was} then, what is known has changed since")?;
        }
        writeln!(text)?;
    }
    let beyond = tried.different - u64::try_from(tried.differences.len()).unwrap_or(u64::MAX).min(tried.different);
    if beyond > 0 {
        writeln!(text, "… and {beyond} more differences: --limit tells more")?;
    }
    let since = tried.since.as_deref().unwrap_or("the beginning");
    writeln!(text, "since {since}: {} numbers and blocks of {}", tried.tried, calls_of(tried.calls))?;
    writeln!(text, "  {} would be answered otherwise ({})", tried.different, calls_of(tried.different_calls))?;
    writeln!(text, "  {} the same, {} of them unknown: the CRM would be asked", tried.same, tried.unknown)?;
    if tried.changed_since > 0 {
        let changed = tried.changed_since;
        writeln!(text, "  {changed} were answered otherwise then than they would be now, as things stand")?;
    }
    if tried.cut {
        writeln!(text, "there are more calls than are tried at once: a shorter --since reaches less far back")?;
    }
    Ok(text)
}

fn calls_of(calls: u64) -> String {
    if calls == 1 { "1 call".to_owned() } else { format!("{calls} calls") }
}

/// Where a call goes.
fn answer(why: &Why) -> String {
    match (why.outcome.as_str(), &why.destination) {
        ("unknown", _) => "unknown, would be asked".to_owned(),
        ("no-block", _) => "refused".to_owned(),
        (_, Some(destination)) => destination.clone(),
        (..) => "nobody".to_owned(),
    }
}

/// What led there: the entity and its fate, or the reason where none decided.
fn because_of(why: &Why) -> String {
    let Why { entity, id, owner, fate, employee, reason, .. } = why;
    match (entity, id) {
        (Some(entity), Some(id)) => {
            let owner = owner.as_deref().map_or_else(|| "nobody's".to_owned(), |owner| format!("owner {owner}"));
            let whose = employee.as_deref().map_or(owner.clone(), |employee| format!("{owner}, {employee}"));
            format!("{entity} {id}, {whose}: {}", fate.as_deref().map_or("decides", because))
        }
        _ if why.outcome == "no-block" => "there is no such block".to_owned(),
        _ => reason.clone().unwrap_or_else(|| "memory does not know the number".to_owned()),
    }
}
