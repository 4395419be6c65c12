//! Parameters of a request, as strict as the vendor: one that it does not know is refused.

use jiff::Timestamp;

use super::{reply::Refusal, route::Module};
use crate::kit::{Query, Sort};

/// What every search knows.
const SEARCH: &[&str] = &[
    "id",
    "_all",
    "createdTimeRange",
    "modifiedTimeRange",
    "sortBy",
    "from",
    "limit",
    "orgId",
    "customField1",
    "customField2",
    "customField3",
    "customField4",
    "customField5",
    "customField6",
    "customField7",
    "customField8",
    "customField9",
    "customField10",
];
const CONTACTS: &[&str] = &["email", "phone", "mobile", "firstName", "lastName", "fullName", "accountId"];
const ACCOUNTS: &[&str] = &["accountName", "email", "phone"];
const TICKETS: &[&str] = &[
    "email",
    "phone",
    "contactId",
    "accountId",
    "assigneeId",
    "departmentId",
    "status",
    "priority",
    "channel",
    "ticketNumber",
    "subject",
];
/// Those that are no question.
const HOW: &[&str] = &["sortBy", "from", "limit", "orgId"];
/// Those that are answered here. Others the vendor knows are refused aloud: silence would look like an answer.
const ANSWERED: &[&str] = &[
    "id",
    "email",
    "phone",
    "mobile",
    "contactId",
    "accountId",
    "createdTimeRange",
    "modifiedTimeRange",
    "customField1",
];
/// Values of one parameter.
const MOST_VALUES: usize = 30;
/// Records on a page of a list or a search.
const MOST: u64 = 100;
/// The furthest that a search begins. The vendor's description says this, its page 4,999: the harder one.
const FURTHEST: u64 = 999;
/// What a page holds unless it is said.
const USUAL: u64 = 10;

/// A span of time, seconds since 1970 UTC, both ends in it.
pub(super) type Span = (i64, i64);

/// A search.
#[derive(Debug, Default)]
pub(super) struct Search {
    pub(super) ids: Option<Vec<u64>>,
    pub(super) phone: Option<Vec<String>>,
    pub(super) mobile: Option<Vec<String>>,
    /// Of contacts.
    pub(super) email: Option<Vec<String>>,
    pub(super) custom: Option<(String, Vec<String>)>,
    pub(super) contacts: Option<Vec<u64>>,
    pub(super) accounts: Option<Vec<u64>>,
    pub(super) created: Option<Span>,
    pub(super) modified: Option<Span>,
    pub(super) how: How,
}

/// Which part, in what order.
#[derive(Debug, Clone, Copy)]
pub(super) struct How {
    pub(super) from: usize,
    pub(super) limit: usize,
    pub(super) sort: Sort,
    pub(super) descending: bool,
}

impl Default for How {
    fn default() -> Self {
        Self { from: 0, limit: 10, sort: Sort::Id, descending: false }
    }
}

impl Search {
    pub(super) fn read(module: Module, query: &Query<'_>) -> Result<Self, Refusal> {
        let own = match module {
            Module::Contacts => CONTACTS,
            Module::Accounts => ACCOUNTS,
            Module::Tickets => TICKETS,
        };
        strict(query, &[SEARCH, own])?;
        let asked: Vec<&str> = query.pairs().map(|(name, _)| name).filter(|name| !HOW.contains(name)).collect();
        if asked.is_empty() {
            return Err(Refusal::Unprocessable("At least one search parameter is required".to_owned()));
        }
        let is_answered = |name: &&str| ANSWERED.contains(name) && (*name != "email" || module == Module::Contacts);
        if let Some(name) = asked.into_iter().find(|name| !is_answered(name)) {
            return Err(Refusal::parameter(name, "this stand-in does not answer it"));
        }
        let how = How::read(query, FURTHEST, MOST, &["relevance", "modifiedTime", "createdTime"])?;
        let custom = query.text("customField1").map(|text| {
            let (name, value) = text.split_once(':').ok_or_else(|| Refusal::parameter("customField1", "no ':'"))?;
            Ok((name.to_owned(), values("customField1", value)?))
        });
        Ok(Self {
            ids: ids(query, "id")?,
            phone: query.text("phone").map(|text| values("phone", text)).transpose()?,
            mobile: query.text("mobile").map(|text| values("mobile", text)).transpose()?,
            email: query.text("email").map(|text| values("email", text)).transpose()?,
            custom: custom.transpose()?,
            contacts: ids(query, "contactId")?,
            accounts: ids(query, "accountId")?,
            created: span(query, "createdTimeRange")?,
            modified: span(query, "modifiedTimeRange")?,
            how,
        })
    }
}

impl How {
    /// Of a list: any distance, no order but the vendor's own.
    pub(super) fn of_list(query: &Query<'_>, most: u64) -> Result<Self, Refusal> {
        strict(query, &[&["from", "limit", "orgId", "sortBy", "status"]])?;
        Self::read(query, u64::MAX, most, &["createdTime"])
    }

    pub(super) fn read(query: &Query<'_>, furthest: u64, most: u64, sorts: &[&str]) -> Result<Self, Refusal> {
        let number = |name, usual, range: std::ops::RangeInclusive<u64>| {
            let found = query.number(name).map_err(|wrong| Refusal::parameter(name, &wrong.to_string()))?;
            let number = found.unwrap_or(usual);
            if !range.contains(&number) {
                let (least, most) = range.into_inner();
                return Err(Refusal::parameter(name, &format!("expected {least} to {most}, found {number}")));
            }
            usize::try_from(number).map_err(|_| Refusal::parameter(name, "too large"))
        };
        let sort_by = query.text("sortBy").unwrap_or("createdTime");
        let (word, descending) = sort_by.strip_prefix('-').map_or((sort_by, false), |word| (word, true));
        if query.text("sortBy").is_some() && !sorts.contains(&word) {
            return Err(Refusal::parameter("sortBy", "not one of the supported attributes"));
        }
        let sort = match word {
            "modifiedTime" => Sort::UpdateTime,
            "createdTime" => Sort::AddTime,
            _ => Sort::Id,
        };
        Ok(Self { from: number("from", 0, 0..=furthest)?, limit: number("limit", USUAL, 1..=most)?, sort, descending })
    }
}

/// Refuses what the endpoint does not know and what is given twice.
pub(super) fn strict(query: &Query<'_>, known: &[&[&str]]) -> Result<(), Refusal> {
    if let Some(name) = query.unknown(known) {
        return Err(Refusal::Unprocessable(format!("Extra query parameter '{name}' is present in the input.")));
    }
    match query.repeated() {
        Some(name) => Err(Refusal::parameter(name, "expected once")),
        None => Ok(()),
    }
}

/// Values with commas between them. A `*` may stand at the end of three letters or more, and nowhere else.
fn values(name: &str, text: &str) -> Result<Vec<String>, Refusal> {
    let values: Vec<String> = text.split(',').map(|value| value.trim().to_lowercase()).collect();
    let sound = |value: &String| match value.split_once('*') {
        None => !value.is_empty(),
        Some((before, after)) => before.chars().count() >= 3 && after.is_empty(),
    };
    if values.len() > MOST_VALUES || !values.iter().all(sound) {
        return Err(Refusal::parameter(name, "expected at most 30 values, each of them sound"));
    }
    Ok(values)
}

fn ids(query: &Query<'_>, name: &str) -> Result<Option<Vec<u64>>, Refusal> {
    let Some(text) = query.text(name) else { return Ok(None) };
    let ids: Result<Vec<u64>, _> = text.split(',').map(str::parse).collect();
    let ids = ids.ok().filter(|ids| ids.len() <= MOST_VALUES);
    ids.map(Some).ok_or_else(|| Refusal::parameter(name, "expected at most 30 ids"))
}

/// `2026-11-21T09:00:00.000Z,2026-11-21T10:00:00.000Z`. Whether the ends belong to it is nowhere said: here neither does,
/// and milliseconds count.
fn span(query: &Query<'_>, name: &str) -> Result<Option<Span>, Refusal> {
    let Some(text) = query.text(name) else { return Ok(None) };
    let time = |text: &str| {
        let whole = text.len() == 24 && text.ends_with('Z');
        text.parse::<Timestamp>().ok().filter(|_| whole).map(Timestamp::as_millisecond)
    };
    let span = text.split_once(',').and_then(|(from, to)| Some((time(from)?, time(to)?)));
    let (from, to) = span.filter(|(from, to)| from <= to).ok_or_else(|| Refusal::parameter(name, "no range"))?;
    // Records are stamped with whole seconds: the first after `from`, the last before `to`.
    Ok(Some((from.div_euclid(1_000) + 1, (to - 1).div_euclid(1_000))))
}

#[cfg(test)]
mod tests {
    use super::{Search, span, values};
    use crate::kit::Query;
    use crate::zoho_desk::route::Module;

    #[test]
    fn what_the_vendor_does_not_know_or_cannot_find_by_is_refused() {
        let read = |text: &str| Search::read(Module::Contacts, &Query::read(text)).is_ok();
        assert!(read("phone=%2B380671112233,0671112233&limit=100&from=999&sortBy=-createdTime"));
        for wrong in [
            "limit=100",
            "phone=1&phone=2",
            "telephone=1",
            "phone=067&limit=101",
            "phone=067&from=1000",
            "phone=067&sortBy=phone",
            "contactId=7",
            "createdTimeRange=2026-11-21,2026-11-22",
        ] {
            assert!(!read(wrong), "{wrong}");
        }
        assert!(values("phone", "067*").is_ok() && values("phone", "06*").is_err() && values("phone", "*671").is_err());
        assert!(values("phone", &"1,".repeat(31)).is_err());
    }

    #[test]
    fn a_span_holds_neither_of_its_ends() {
        let read = |from: &str, to: &str| {
            let text = format!("createdTimeRange=1970-01-01T00:00:{from}Z,1970-01-01T00:00:{to}Z");
            span(&Query::read(&text), "createdTimeRange")
        };
        assert_eq!(read("05.000", "07.000"), Ok(Some((6, 6))));
        assert_eq!(read("04.999", "07.001"), Ok(Some((5, 7))));
        assert!(read("07.000", "05.000").is_err());
    }
}
