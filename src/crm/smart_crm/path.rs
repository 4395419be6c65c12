//! Addresses and property names, each once.
//!
//! # Source
//! Property names: the Common Data Model's files, by their source names; lookups are `_NAME_value`. Entity sets, system
//! query options and preferences: Microsoft's pages on the Web API. The tests hold every name here against the files.

use jiff::Timestamp;
use url::Url;

use crate::crm::section;
use crate::model::{client::Kind, ids::CrmId, phone::PhoneKey};

/// The API below the organization's address.
pub(super) const ROOT: &str = "/api/data/v9.2/";
/// Behind the organization's address, the scope of a token that may do what the application user may.
pub(super) const SCOPE: &str = "/.default";
/// Organizations live under it.
pub(super) const DOMAIN: &str = "dynamics.com";
/// Where directories hand out tokens; the tenant stands before [`TOKEN_PATH`].
pub(super) const LOGIN: &str = "https://login.microsoftonline.com/";
pub(super) const TOKEN_PATH: &str = "/oauth2/v2.0/token";

/// Records on a page, at most: a page is one request however many are on it.
pub(super) const PAGE: u32 = 5_000;
/// Records that a live question brings of a table, at most: who is found is told apart by whole digits afterwards.
pub(super) const FOUND: u32 = 100;

pub(super) const OWNER: &str = "_ownerid_value";
pub(super) const STATE: &str = "statecode";
pub(super) const CREATED: &str = "createdon";
pub(super) const MODIFIED: &str = "modifiedon";
/// `statecode` of what is open or active, in every table that is read here.
pub(super) const OPEN: i64 = 0;
/// Behind a lookup's name: which table it points into.
pub(super) const ANNOTATION: &str = "Microsoft.Dynamics.CRM.lookuplogicalname";

/// Where contacts and leads have their e-mails; the first is the one that is written.
pub(super) const EMAILS: [&str; 3] = [EMAIL, "emailaddress2", "emailaddress3"];
pub(super) const EMAIL: &str = "emailaddress1";
/// Where a contact's and a lead's number is written: the first column of theirs that the reader looks at.
pub(super) const NUMBER: &str = "mobilephone";

/// What a lookup points to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Contact,
    Account,
    /// Either: the annotation says which.
    Customer,
}

/// One table that is read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) kind: Kind,
    pub(super) logical: &'static str,
    pub(super) set: &'static str,
    pub(super) id: &'static str,
    /// Where it says what a person or an organization is called.
    pub(super) name: Option<&'static str>,
    /// Where numbers stand.
    pub(super) numbers: &'static [&'static str],
    /// Whose the record is; the vendor's main contact first.
    pub(super) links: &'static [(&'static str, Target)],
}

pub(super) static CONTACT: Table = Table {
    kind: Kind::Contact,
    logical: "contact",
    set: "contacts",
    id: "contactid",
    name: Some("fullname"),
    numbers: &["mobilephone", "telephone1", "telephone2", "telephone3", "assistantphone", "managerphone", "pager"],
    links: &[("_parentcustomerid_value", Target::Account)],
};

pub(super) static ACCOUNT: Table = Table {
    kind: Kind::Organization,
    logical: "account",
    set: "accounts",
    id: "accountid",
    name: Some("name"),
    numbers: &["telephone1", "telephone2", "telephone3"],
    links: &[],
};

pub(super) static LEAD: Table = Table {
    kind: Kind::Lead,
    logical: "lead",
    set: "leads",
    id: "leadid",
    name: Some("fullname"),
    numbers: &[
        "mobilephone",
        "telephone1",
        "telephone2",
        "telephone3",
        "address1_telephone1",
        "address1_telephone2",
        "address1_telephone3",
    ],
    links: &[("_parentcontactid_value", Target::Contact), ("_parentaccountid_value", Target::Account)],
};

pub(super) static OPPORTUNITY: Table = Table {
    kind: Kind::Deal,
    logical: "opportunity",
    set: "opportunities",
    id: "opportunityid",
    name: None,
    numbers: &[],
    links: &[
        ("_parentcontactid_value", Target::Contact),
        ("_parentaccountid_value", Target::Account),
        ("_customerid_value", Target::Customer),
    ],
};

pub(super) static INCIDENT: Table = Table {
    kind: Kind::Ticket,
    logical: "incident",
    set: "incidents",
    id: "incidentid",
    name: None,
    numbers: &[],
    links: &[("_primarycontactid_value", Target::Contact), ("_customerid_value", Target::Customer)],
};

pub(super) static TABLES: [&Table; 5] = [&CONTACT, &ACCOUNT, &LEAD, &OPPORTUNITY, &INCIDENT];

/// The table of a kind: this CRM has all of them.
pub(super) fn table(kind: Kind) -> &'static Table {
    match kind {
        Kind::Contact => &CONTACT,
        Kind::Organization => &ACCOUNT,
        Kind::Lead => &LEAD,
        Kind::Deal => &OPPORTUNITY,
        Kind::Ticket => &INCIDENT,
    }
}

/// What hangs on records: entity sets and logical names.
pub(super) const PHONE_CALLS: &str = "phonecalls";
pub(super) const TASKS: &str = "tasks";
pub(super) const NOTES: &str = "annotations";
pub(super) const PHONE_CALL: &str = "phonecall";
pub(super) const TASK: &str = "task";
/// `statecode` of an activity that is over, and `statuscode` of those that are not and those that are.
pub(super) const COMPLETED: i64 = 1;
pub(super) const TASK_OPEN: i64 = 2;
pub(super) const TASK_COMPLETED: i64 = 5;
pub(super) const CALL_OPEN: i64 = 1;
pub(super) const CALL_MADE: i64 = 2;
pub(super) const CALL_RECEIVED: i64 = 4;
/// Who asks: the cheapest question there is.
pub(super) const WHO_AM_I: &str = "WhoAmI";

/// The users' table and what is read of it.
pub(super) const USERS_SET: &str = "systemusers";
pub(super) const USER_LOGICAL: &str = "systemuser";
pub(super) const USER_ID: &str = "systemuserid";
pub(super) const USER_EMAIL: &str = "internalemailaddress";
pub(super) const USER_LOGIN: &str = "domainname";
pub(super) const USER_PHONES: [&str; 2] = ["mobilephone", "address1_telephone1"];
pub(super) const USER_DISABLED: &str = "isdisabled";

/// Further columns with numbers that this organization has, as `[crm.fields] phone` names them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Custom(pub(super) Vec<(Kind, String)>);

impl Custom {
    pub(super) fn of(&self, kind: Kind) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(of, _)| *of == kind).map(|(_, column)| column.as_str())
    }
}

/// Every column with a number of a table.
pub(super) fn numbers<'a>(table: &'static Table, custom: &'a Custom) -> impl Iterator<Item = &'a str> {
    table.numbers.iter().copied().chain(custom.of(table.kind))
}

/// The columns that are asked for: nothing of a record but what a look-up needs.
fn select(table: &'static Table, custom: &Custom) -> String {
    let links = table.links.iter().map(|(name, _)| *name);
    let all = [table.id].into_iter().chain(table.name).chain(numbers(table, custom)).chain(links);
    all.chain([OWNER, STATE, CREATED, MODIFIED]).collect::<Vec<_>>().join(",")
}

/// A list of a table: what is open only, or everything (a tracked reading knows no filter).
pub(super) fn list(base: &Url, table: &'static Table, custom: &Custom, open_only: bool) -> Url {
    let mut url = at(base, table.set);
    url.query_pairs_mut().append_pair("$select", &select(table, custom));
    if open_only {
        url.query_pairs_mut().append_pair("$filter", &format!("{STATE} eq {OPEN}"));
    }
    url
}

/// What was changed at that second or later, whatever its state; the ids part what was changed in the same second.
pub(super) fn modified(base: &Url, table: &'static Table, custom: &Custom, since_s: i64) -> Url {
    let mut url = list(base, table, custom, false);
    url.query_pairs_mut()
        .append_pair("$filter", &format!("{MODIFIED} ge {}", time(since_s)))
        .append_pair("$orderby", &format!("{MODIFIED} asc,{} asc", table.id));
    url
}

/// These records, whatever their state.
pub(super) fn records(base: &Url, table: &'static Table, custom: &Custom, ids: &[CrmId]) -> Url {
    let named = ids.iter().map(|id| format!("{} eq {id}", table.id)).collect::<Vec<_>>().join(" or ");
    let mut url = list(base, table, custom, false);
    url.query_pairs_mut().append_pair("$filter", &named);
    url
}

/// Who is open and carries a number that ends in one of these.
pub(super) fn ending(base: &Url, table: &'static Table, custom: &Custom, endings: &[String]) -> Url {
    let one = |column: &str| endings.iter().map(|end| format!("endswith({column},'{end}')")).collect::<Vec<_>>();
    let any = numbers(table, custom).flat_map(one).collect::<Vec<_>>().join(" or ");
    let mut url = list(base, table, custom, false);
    url.query_pairs_mut().append_pair("$filter", &format!("{STATE} eq {OPEN} and ({any})"));
    url
}

/// What is open and belongs to one of these contacts or accounts.
pub(super) fn belonging(base: &Url, table: &'static Table, contacts: &[CrmId], accounts: &[CrmId]) -> Url {
    let one = |&(column, target): &(&'static str, Target)| {
        let to_contacts = contacts.iter().filter(move |_| target != Target::Account);
        let to_accounts = accounts.iter().filter(move |_| target != Target::Contact);
        to_contacts.chain(to_accounts).map(move |id| format!("{column} eq {id}"))
    };
    let any = table.links.iter().flat_map(one).collect::<Vec<_>>().join(" or ");
    let mut url = list(base, table, &Custom::default(), false);
    url.query_pairs_mut().append_pair("$filter", &format!("{STATE} eq {OPEN} and ({any})"));
    url
}

/// Who is open and has this text in one of these columns, as the vendor compares texts.
pub(super) fn having(base: &Url, table: &'static Table, custom: &Custom, what: (&[&str], &str)) -> Url {
    let (columns, wanted) = what;
    let wanted = quoted(wanted);
    let any = columns.iter().map(|column| format!("{column} eq {wanted}")).collect::<Vec<_>>().join(" or ");
    let mut url = with_columns(list(base, table, custom, false), columns);
    url.query_pairs_mut().append_pair("$filter", &format!("{STATE} eq {OPEN} and ({any})"));
    url
}

/// The same question, and these columns in the answer, too.
pub(super) fn with_columns(url: Url, columns: &[&str]) -> Url {
    let mut asked: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    for (_, selected) in asked.iter_mut().filter(|(name, _)| name == "$select") {
        for column in columns {
            if !selected.split(',').any(|known| known == *column) {
                selected.push(',');
                selected.push_str(column);
            }
        }
    }
    let mut url = url;
    url.query_pairs_mut().clear().extend_pairs(asked);
    url
}

/// A text as a filter has it: nothing of it is read as anything but the text.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// All users, those who left among them.
pub(super) fn users(base: &Url) -> Url {
    let [mobile, desk] = USER_PHONES;
    let mut url = at(base, USERS_SET);
    url.query_pairs_mut().append_pair("$select", &[USER_ID, USER_EMAIL, mobile, desk, USER_DISABLED].join(","));
    url
}

/// One record, by its id.
pub(super) fn one(base: &Url, set: &str, id: CrmId) -> Url {
    at(base, &format!("{set}({id})"))
}

/// These columns of one record.
pub(super) fn columns_of(base: &Url, set: &str, id: CrmId, columns: &[&str]) -> Url {
    let mut url = one(base, set, id);
    url.query_pairs_mut().append_pair("$select", &columns.join(","));
    url
}

/// The user with this e-mail or login.
pub(super) fn user_named(base: &Url, name: &str) -> Url {
    let name = quoted(name);
    let mut url = at(base, USERS_SET);
    url.query_pairs_mut()
        .append_pair("$select", USER_ID)
        .append_pair("$filter", &format!("{USER_EMAIL} eq {name} or {USER_LOGIN} eq {name}"));
    url
}

/// Which columns an organization is asked about: any, or those of one type, with their lengths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Columns {
    Any,
    /// Texts of one line.
    Lines,
    /// Texts of several.
    Memos,
}

/// What the organization says of these columns of a table.
pub(super) fn definitions(base: &Url, logical: &str, names: &[&str], which: Columns) -> Url {
    let (cast, select) = match which {
        Columns::Any => ("", "LogicalName,AttributeType,IsValidForUpdate"),
        Columns::Lines => ("/Microsoft.Dynamics.CRM.StringAttributeMetadata", "LogicalName,MaxLength"),
        Columns::Memos => ("/Microsoft.Dynamics.CRM.MemoAttributeMetadata", "LogicalName,MaxLength"),
    };
    let mut url = at(base, &format!("EntityDefinitions(LogicalName='{logical}')/Attributes{cast}"));
    let named = names.iter().map(|name| format!("LogicalName eq '{name}'")).collect::<Vec<_>>().join(" or ");
    url.query_pairs_mut().append_pair("$select", select).append_pair("$filter", &named);
    url
}

/// How a number that calls may end as somebody typed it: its last seven digits, never reaching into the country's code,
/// whole and in the two groupings that are typed most.
///
/// The vendor compares with the text as it was typed and normalises nothing. Each further rendering is compared with every
/// column of every record, since no index helps a question about an end; so there are three. Missed: other groupings, an
/// extension or a word behind the number. The crawl knows those.
pub(super) fn endings(number: PhoneKey) -> Vec<String> {
    /// No country's code is longer, so the rest is the number as it is typed inside the country, too.
    const LONGEST_CODE: usize = 3;
    const WANTED: usize = 7;
    const LEAST: usize = 4;
    let digits = number.digits().to_string();
    let taken = digits.len().saturating_sub(LONGEST_CODE).clamp(LEAST, WANTED).min(digits.len());
    let end = &digits[digits.len() - taken..];
    let mut endings = vec![end.to_owned()];
    if end.len() == WANTED {
        let grouped = |by: &str| [&end[..3], &end[3..5], &end[5..]].join(by);
        endings.extend([grouped("-"), grouped(" ")]);
    }
    endings
}

/// A link that the vendor gave, if it leads to the same table of the same organization: it is followed as it is, token and
/// all, so nowhere else. The organization answers at two addresses, with `api.` behind its name and without.
pub(super) fn link(base: &Url, set: &str, text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let at_home = url.origin() == base.origin() || twin(base).is_some_and(|twin| twin.origin() == url.origin());
    let plain = url.username().is_empty() && url.password().is_none();
    (at_home && plain && url.path() == format!("{ROOT}{set}")).then_some(url)
}

/// The organization's other address.
pub(super) fn twin(base: &Url) -> Option<Url> {
    let (name, rest) = base.host_str()?.split_once('.')?;
    if !rest.ends_with(&format!(".{DOMAIN}")) {
        return None;
    }
    let host = rest.strip_prefix("api.").map_or_else(|| format!("{name}.api.{rest}"), |rest| format!("{name}.{rest}"));
    let mut url = base.clone();
    url.set_host(Some(&host)).ok()?;
    Some(url)
}

/// Where the organization's own pages show a record, in an app where one is named.
pub(super) fn card(pages: &Url, app: Option<&str>, kind: Kind, id: CrmId) -> Option<Url> {
    let mut url = section::below(pages, &["main.aspx"])?;
    url.query_pairs_mut()
        .extend_pairs(app.map(|app| ("appid", app)))
        .append_pair("pagetype", "entityrecord")
        .append_pair("etn", table(kind).logical)
        .append_pair("id", &id.to_string());
    Some(url)
}

/// An entity set, or what else stands below the API's root.
pub(super) fn at(base: &Url, below: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{ROOT}{below}"));
    url
}

/// # Units
/// RFC 3339 in UTC, whole seconds.
fn time(seconds: i64) -> String {
    Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}
