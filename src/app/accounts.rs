//! The ledgers in use, one per CRM account, and what they have spent today; the access tokens beside them.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Weak},
};

use super::days::Days;
use crate::base::clock::Clock;
use crate::config::QuotaSettings;
use crate::crm::quota::Ledger;
use crate::crm::token::SharedTokens;
use crate::project::Project;

/// The accounts of the projects in force.
#[derive(Debug)]
pub(super) struct Accounts {
    /// With what was configured of the quota, which all projects on the account agree about; held by the directories that
    /// spend it.
    ledgers: BTreeMap<String, (QuotaSettings, Weak<Ledger>)>,
    days: Arc<Days>,
    /// What projects with the same credentials share.
    pub(super) tokens: SharedTokens,
}

impl Accounts {
    /// No account yet; what the process before this one spent today is read from its data folder.
    pub(super) fn open(data: &Path) -> Self {
        Self { ledgers: BTreeMap::new(), days: Arc::new(Days::open(data)), tokens: SharedTokens::default() }
    }

    /// The account's ledger: the one its other projects spend from, where there are any.
    pub(super) fn ledger(&mut self, project: &Project, clock: Clock) -> Arc<Ledger> {
        let (account, quota) = (project.crm.prepared.account(), &project.crm.section.quota);
        self.ledgers.retain(|_, (_, ledger)| ledger.strong_count() > 0);
        let held = self.ledgers.get(&account).and_then(|(limits, ledger)| Some((limits, ledger.upgrade()?)));
        let begun = || Arc::new(Ledger::new(project.crm.limits(), clock));
        let ledger = match held {
            Some((limits, ledger)) if limits == quota => return ledger,
            Some((_, before)) => {
                // Other limits do not give the day back that is spent.
                let ledger = begun();
                ledger.carry_over(&before);
                ledger
            }
            None => {
                let ledger = begun();
                if let Some(memo) = self.days.memo(&account) {
                    ledger.recall(&memo);
                }
                ledger
            }
        };
        self.ledgers.insert(account, (quota.clone(), Arc::downgrade(&ledger)));
        ledger
    }

    /// These are the accounts of the projects in force, one for each: those of one account share what it allows.
    pub(super) fn are_spent_by(&self, accounts: impl Iterator<Item = String>) {
        let mut projects = BTreeMap::<String, usize>::new();
        accounts.for_each(|account| *projects.entry(account).or_default() += 1);
        for (account, (_, ledger)) in &self.ledgers {
            if let (Some(ledger), Some(&projects)) = (ledger.upgrade(), projects.get(account)) {
                ledger.shared_by(projects);
            }
        }
    }

    /// What every account has spent by now, to be stored.
    pub(super) fn days(&self) -> Arc<Days> {
        for (account, (_, ledger)) in &self.ledgers {
            if let Some(ledger) = ledger.upgrade() {
                self.days.note(account, ledger.memo());
            }
        }
        Arc::clone(&self.days)
    }
}
