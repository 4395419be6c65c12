//! Cases as data: what is loaded, how, and what must hold. Read from `cases/*.toml`; the file's name is the case's.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    arrivals::Spread,
    bound::Bounds,
    question::{Form, MOST_STRANGERS},
    vendor,
};

/// A case that cannot be run.
#[derive(Debug, Error)]
pub enum CaseError {
    /// The file cannot be read.
    #[error("{path}: cannot be read")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no case.
    #[error("{path}: expected a case")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// Values that do not fit each other.
    #[error("{case}: {what}")]
    Unfit {
        /// The case.
        case: String,
        /// Expected and found.
        what: String,
    },
    /// No such case.
    #[error("expected one of {known}, found {asked}")]
    Unknown {
        /// What was asked for.
        asked: String,
        /// What there is.
        known: String,
    },
}

/// One case.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The file's name.
    #[serde(skip)]
    pub name: String,
    /// What it shows, in a sentence.
    pub about: String,
    /// Whether the service stands alone or beside bare servers.
    pub kind: Kind,
    /// The block's deadline.
    #[serde(rename = "deadline_ms", deserialize_with = "millis")]
    pub deadline: Duration,
    /// The stand-in CRM.
    pub crm: CrmPlan,
    /// How often each server is measured; the median counts.
    #[serde(default = "one")]
    pub pairs: usize,
    /// What the short form changes.
    pub quick: Quick,
    /// The loads.
    #[serde(rename = "variant")]
    pub variants: Vec<Variant>,
}

/// What is compared with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The service and bare servers under the same load, alternating.
    Compare,
    /// The service alone: is everyone answered in time?
    Answers,
    /// The service at rest, then under the same load with one full crawl after the other under way. A variant is a CRM,
    /// by its name, with processes of its own.
    Crawl,
    /// The service at rest, then under the same load while events are told at a constant rate. A variant has processes of
    /// its own.
    AfterCalls,
    /// The service's cards beside its look-ups, under the same load, alternating.
    Card,
    /// The service, started anew on what it has kept on disk, while its CRM is gone.
    Restart,
}

/// The stand-in CRM of a case.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrmPlan {
    /// How many clients it has.
    pub clients: u64,
    /// What they are made of.
    pub seed: u64,
    /// How often the service asks it for changes. Twice that, and a number that is not known is no longer absent.
    pub sweep_s: u32,
    /// Numbers asked about, at most; `None` = every one of its clients'.
    pub numbers: Option<usize>,
    /// Whose limits it keeps.
    #[serde(default)]
    pub limits: LimitsOf,
}

/// Whose limits the stand-in keeps, and the service with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LimitsOf {
    /// The vendor's windows, with a day's budget that no case spends.
    #[default]
    Vendor,
    /// None: what is measured is the service and not a quota.
    Nobody,
}

/// What is the matter with the CRM while the load runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CrmState {
    /// Nothing.
    #[default]
    Well,
    /// Its lists have never been read: the directory is empty. Questions are answered.
    Unread,
    /// Its answers come seconds after every deadline, since the directory was warmed.
    Slow,
    /// It accepts and says nothing, since the directory was warmed.
    Hangs,
    /// Its process is gone, since the directory was warmed.
    Down,
}

/// What the short form changes; its bounds are the same.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quick {
    /// Clients of the CRM.
    pub clients: u64,
    /// Pairs.
    pub pairs: Option<usize>,
    /// Seconds of each run.
    pub seconds: f64,
}

/// One load of a case.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// Its name.
    pub name: String,
    /// How requests come.
    pub load: Load,
    /// The forms of the requests, in turn.
    #[serde(default = "query_only")]
    pub forms: Vec<Form>,
    /// Of a hundred callers, how many the CRM knows.
    #[serde(default = "everyone")]
    pub known_percent: f64,
    /// How many others there are. Few call again while they are still being asked about.
    #[serde(default = "strangers")]
    pub strangers: u64,
    /// What is the matter with the CRM.
    #[serde(default)]
    pub crm: CrmState,
    /// What is told meanwhile.
    pub events: Option<Events>,
    /// How long one run is.
    pub seconds: f64,
    /// What must hold.
    #[serde(default)]
    pub bound: Bounds,
}

/// Events that are told beside a load.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Events {
    /// So many a second.
    pub rate: f64,
    /// Whether the project's writing is off: they are stored, and nothing more.
    pub paused: bool,
}

/// How requests come.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(tag = "loop", rename_all = "lowercase", deny_unknown_fields)]
pub enum Load {
    /// When they are due; one connection each.
    Open {
        /// Requests a second.
        rate: f64,
        /// How the gaps are spread.
        spread: Spread,
    },
    /// When the one before was answered.
    Closed {
        /// Askers.
        connections: usize,
        /// Whether they keep their connections.
        kept: bool,
    },
}

impl Load {
    /// Whether connections are kept.
    #[must_use]
    pub const fn kept(self) -> bool {
        matches!(self, Self::Closed { kept: true, .. })
    }
}

fn millis<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    u64::deserialize(from).map(Duration::from_millis)
}

const fn one() -> usize {
    1
}

const fn everyone() -> f64 {
    100.0
}

const fn strangers() -> u64 {
    MOST_STRANGERS
}

fn query_only() -> Vec<Form> {
    vec![Form::Query]
}

impl Case {
    /// Reads one case.
    ///
    /// # Errors
    /// [`CaseError`], with the file and the row.
    pub fn read(path: &Path) -> Result<Self, CaseError> {
        let text =
            fs::read_to_string(path).map_err(|source| CaseError::Unreadable { path: path.to_owned(), source })?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let mut case: Self = toml::from_str(&text)
            .map_err(|source| CaseError::Malformed { path: path.to_owned(), source: Box::new(source) })?;
        case.name = name;
        case.fits()?;
        Ok(case)
    }

    /// Every case of a folder, by name.
    ///
    /// # Errors
    /// [`CaseError`]; one case that cannot be read is an error of all.
    pub fn read_all(folder: &Path) -> Result<Vec<Self>, CaseError> {
        let unreadable = |source| CaseError::Unreadable { path: folder.to_owned(), source };
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                paths.push(path);
            }
        }
        paths.sort();
        paths.iter().map(|path| Self::read(path)).collect()
    }

    fn fits(&self) -> Result<(), CaseError> {
        let unfit = |what: String| Err(CaseError::Unfit { case: self.name.clone(), what });
        if self.pairs == 0 || self.variants.is_empty() {
            return unfit("expected at least one pair and one variant".to_owned());
        }
        if matches!(self.kind, Kind::Answers | Kind::Restart) && self.pairs != 1 {
            return unfit(format!("expected 1 pair where nothing is compared, found {}", self.pairs));
        }
        if self.kind != Kind::Answers && self.variants.iter().any(|variant| variant.crm != CrmState::Well) {
            return unfit("expected a CRM that is well where the case itself says what becomes of it".to_owned());
        }
        let unread = self.variants.iter().filter(|variant| variant.crm == CrmState::Unread).count();
        if unread != 0 && unread != self.variants.len() {
            return unfit("expected a CRM that is unread in every variant or in none".to_owned());
        }
        let down = self.variants.iter().skip_while(|variant| variant.crm != CrmState::Down);
        if down.clone().any(|variant| variant.crm != CrmState::Down) {
            return unfit(
                "expected the variants with a CRM that is down to be the last: it does not come back".to_owned(),
            );
        }
        for variant in &self.variants {
            let rate = match variant.load {
                Load::Open { rate, .. } => rate,
                #[expect(clippy::cast_precision_loss, reason = "a number of connections")]
                Load::Closed { connections, .. } => connections as f64,
            };
            if !(rate > 0.0 && variant.seconds > 0.0) {
                return unfit(format!("{}: expected a load above 0 and seconds above 0", variant.name));
            }
            if !(0.0..=100.0).contains(&variant.known_percent) || variant.forms.is_empty() {
                return unfit(format!("{}: expected known_percent in 0..=100 and a form", variant.name));
            }
            if !(1..=MOST_STRANGERS).contains(&variant.strangers) {
                return unfit(format!("{}: expected strangers in 1..={MOST_STRANGERS}", variant.name));
            }
            if (self.kind == Kind::AfterCalls) != variant.events.is_some_and(|events| events.rate > 0.0) {
                return unfit(format!("{}: expected events above 0 a second in a case of them only", variant.name));
            }
            if self.kind == Kind::Crawl && vendor::named(&variant.name).is_none() {
                let known: Vec<_> = vendor::VENDORS.iter().map(|vendor| vendor.name).collect();
                return unfit(format!("expected variants from {}, found {}", known.join(", "), variant.name));
            }
            if variant.bound.compares() && matches!(self.kind, Kind::Answers | Kind::Restart) {
                return unfit(format!("{}: a ratio is bounded, and there is nothing to compare with", variant.name));
            }
        }
        Ok(())
    }

    /// Only the variants of these names; all where none is named.
    ///
    /// # Errors
    /// [`CaseError::Unfit`] when it has none of them.
    pub fn with_variants(mut self, names: &[String]) -> Result<Self, CaseError> {
        let known: Vec<_> = self.variants.iter().map(|variant| variant.name.clone()).collect();
        self.variants.retain(|variant| names.is_empty() || names.contains(&variant.name));
        if self.variants.is_empty() {
            let what = format!("expected one of {}, found {}", known.join(", "), names.join(", "));
            return Err(CaseError::Unfit { case: self.name, what });
        }
        Ok(self)
    }

    /// The short form.
    #[must_use]
    pub fn shortened(mut self) -> Self {
        self.crm.clients = self.crm.clients.min(self.quick.clients);
        self.crm.numbers = None;
        self.pairs = self.quick.pairs.unwrap_or(self.pairs).min(self.pairs);
        for variant in &mut self.variants {
            variant.seconds = variant.seconds.min(self.quick.seconds);
        }
        self
    }
}

/// The cases that were asked for by name, in that order; `all` stands for every one.
///
/// # Errors
/// [`CaseError::Unknown`] for a name that no file has.
pub fn choose(cases: &[Case], names: &[String]) -> Result<Vec<Case>, CaseError> {
    let mut chosen = Vec::new();
    for name in names {
        if name == "all" {
            chosen.extend_from_slice(cases);
        } else if let Some(case) = cases.iter().find(|case| case.name == *name) {
            chosen.push(case.clone());
        } else {
            let known: Vec<_> = cases.iter().map(|case| case.name.as_str()).chain(["all", "diff"]).collect();
            return Err(CaseError::Unknown { asked: name.clone(), known: known.join(", ") });
        }
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::{Case, CaseError, Kind, choose};

    const SMALL: &str = r#"
        about = "one variant"
        kind = "answers"
        deadline_ms = 800
        crm = { clients = 1000, seed = 1, sweep_s = 60 }
        quick = { clients = 100, seconds = 1.5 }
        [[variant]]
        name = "all-known"
        load = { loop = "open", rate = 100, spread = "poisson" }
        seconds = 30
        bound = { late_max = 0 }
    "#;

    fn read(text: &str) -> Result<Case, CaseError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("small.toml");
        fs::write(&path, text).expect("a file");
        Case::read(&path)
    }

    #[test]
    fn the_cases_of_this_crate_can_be_read_and_each_variant_is_bounded() {
        let cases = Case::read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")).expect("cases");
        assert!(cases.iter().any(|case| case.kind == Kind::Compare));
        for case in &cases {
            for variant in &case.variants {
                assert!(variant.bound.text().is_some(), "{} {} has no bound", case.name, variant.name);
            }
        }
    }

    #[test]
    fn the_short_form_is_shorter_and_bounded_the_same() {
        let case = read(SMALL).expect("a case");
        let quick = case.clone().shortened();
        assert_eq!((quick.crm.clients, quick.variants[0].seconds), (100, 1.5));
        assert_eq!(quick.variants[0].bound, case.variants[0].bound);
    }

    #[test]
    fn unknown_keys_and_values_that_do_not_fit_are_refused() {
        for (from, to, expected) in [
            ("seconds = 30", "secconds = 30", "expected a case"),
            ("rate = 100", "rate = 0", "expected a load above 0"),
            ("late_max = 0", "ratio_rps_min = 0.9", "nothing to compare with"),
            ("seconds = 30", "seconds = 30\nstrangers = 0", "expected strangers in"),
            ("seconds = 30", "seconds = 30\nevents = { rate = 5, paused = true }", "in a case of them only"),
            ("kind = \"answers\"", "kind = \"after-calls\"", "expected events above 0"),
            ("seconds = 30", "seconds = 30\ncrm = \"asleep\"", "expected a case"),
            (
                "[[variant]]",
                "[[variant]]\nname = \"first\"\ncrm = \"down\"\nseconds = 1\nload = { loop = \"closed\", connections = 1, kept = true }\n[[variant]]",
                "does not come back",
            ),
        ] {
            let error = read(&SMALL.replace(from, to)).expect_err(to);
            assert!(error.to_string().contains(expected), "{to}: {error}");
        }
    }

    #[test]
    fn a_variant_that_no_case_has_is_not_passed_over() {
        let case = read(SMALL).expect("a case");
        assert_eq!(case.clone().with_variants(&["all-known".to_owned()]).expect("its variant"), case);
        assert_eq!(case.clone().with_variants(&[]).expect("all"), case);
        let error = case.with_variants(&["all-know".to_owned()]).expect_err("a slip");
        assert_eq!(error.to_string(), "small: expected one of all-known, found all-know");
    }

    #[test]
    fn a_name_that_is_no_case_lists_those_that_are() {
        let cases = [read(SMALL).expect("a case")];
        assert_eq!(choose(&cases, &["all".to_owned()]).expect("all").len(), 1);
        let error = choose(&cases, &["smal".to_owned()]).expect_err("a slip");
        assert_eq!(error.to_string(), "expected one of small, all, diff, found smal");
    }
}
