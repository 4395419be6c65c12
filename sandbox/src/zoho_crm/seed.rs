//! The account as the seed has it, as this vendor's records.

use super::{
    module::{Module, STAGES},
    record::{Row, user_id},
};
use crate::kit::{Seed, SeededStatus, Source};

/// Numbers up to here belong to the samples.
pub(super) const SAMPLE_NUMBERS: u64 = 1_000;

/// One module of the seed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) seed: Seed,
    pub(super) module: Module,
}

impl Part {
    fn lead(&self, place: u64, row: Row) -> Row {
        let lead = self.seed.lead(place);
        let converted_s = lead.archived.then_some(row.update_s);
        let phones = self.seed.phones(lead.client).into_iter().map(|typed| typed.value);
        let row = Row { name: self.seed.name(lead.client), owner: user_id(lead.owner), converted_s, ..row };
        row.with_phones(phones)
    }

    fn contact(&self, place: u64, row: Row) -> Row {
        let account = Seed::employer(place).map(|firm| Module::Accounts.id(SAMPLE_NUMBERS + 1 + firm));
        let phones = self.seed.phones(place).into_iter().map(|typed| typed.value);
        let owner = user_id(self.seed.client_owner(place));
        Row { name: self.seed.name(place), owner, account, email: self.seed.email(place), ..row }.with_phones(phones)
    }

    fn account(&self, place: u64, row: Row) -> Row {
        let firm = self.seed.firm(place);
        Row { name: firm.name, owner: user_id(firm.owner), ..row }.with_phones(firm.phone)
    }

    /// What others would archive is lost here: this vendor has no archive.
    fn deal(&self, place: u64, row: Row) -> Option<Row> {
        let deal = self.seed.deal(place)?;
        let stage = match (deal.status, deal.archived) {
            (SeededStatus::Open, false) => STAGES[usize::try_from(deal.value % 4).unwrap_or(0)],
            (SeededStatus::Open, true) => STAGES[7],
            (SeededStatus::Won, _) => STAGES[4],
            (SeededStatus::Lost, _) => STAGES[usize::try_from(5 + deal.value % 2).unwrap_or(5)],
        };
        let contact = Some(Module::Contacts.id(SAMPLE_NUMBERS + 1 + deal.client));
        let account = Seed::employer(deal.client).map(|firm| Module::Accounts.id(SAMPLE_NUMBERS + 1 + firm));
        Some(Row { name: deal.title, owner: user_id(deal.owner), stage: stage.shown, contact, account, ..row })
    }
}

impl Source<Row> for Part {
    fn places(&self) -> u64 {
        match self.module {
            Module::Leads => self.seed.leads(),
            Module::Contacts => self.seed.clients,
            Module::Accounts => self.seed.firms(),
            Module::Deals => self.seed.deals(),
            Module::Tasks | Module::Calls => 0,
        }
    }

    fn id(&self, place: u64) -> u64 {
        self.module.id(SAMPLE_NUMBERS + 1 + place)
    }

    fn times(&self, place: u64) -> (i64, i64) {
        match self.module {
            Module::Leads => self.seed.lead_times(place),
            Module::Contacts => self.seed.client_times(place),
            Module::Accounts => self.seed.firm_times(place),
            Module::Deals => self.seed.deal_times(place),
            Module::Tasks | Module::Calls => (0, 0),
        }
    }

    fn place(&self, id: u64) -> Option<u64> {
        let place = self.module.number(id)?.checked_sub(SAMPLE_NUMBERS + 1)?;
        (place < self.places()).then_some(place)
    }

    fn record(&self, place: u64) -> Option<Row> {
        let row = Row::new(self.module, self.id(place), String::new(), 0, self.times(place));
        match self.module {
            Module::Leads => Some(self.lead(place, row)),
            Module::Contacts => Some(self.contact(place, row)),
            Module::Accounts => Some(self.account(place, row)),
            Module::Deals => self.deal(place, row),
            Module::Tasks | Module::Calls => None,
        }
    }
}
