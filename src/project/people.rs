//! The CRM's users, recognised as employees.

use std::collections::{BTreeMap, BTreeSet};

use crate::crm::CrmUser;
use crate::model::employee::Employee;
use crate::model::ids::CrmId;
use crate::model::phone::{NumberReader, PhoneKey};

/// Which user of the CRM is which employee.
///
/// Owners are given by the user's id; employees are configured by id or e-mail. Made anew whenever the configuration or
/// the CRM's list of users changes, and only read by calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct People {
    /// Ordered by id.
    employees: Box<[(CrmId, usize)]>,
    unmatched: Vec<CrmId>,
}

impl People {
    /// Recognises users: by the id that an employee is configured with, then by e-mail (`crm_user`, then `email`, case
    /// folded), then by number, then by extension.
    ///
    /// An id that is configured stands whatever the list says: it may be that of somebody who has left and still owns
    /// records, or the list may be cut short. Whoever works there under their id is recognised by nothing else, so that a
    /// colleague's shared address or number takes nobody's place. Users who have left count by id alone. A
    /// number or extension that leads to several employees or belongs to several users tells nobody apart and counts for
    /// nobody.
    ///
    /// # Cost
    /// Some microseconds per number; once per change of either side.
    #[must_use]
    pub fn match_users(employees: &[Employee], users: &[CrmUser], numbers: &NumberReader) -> Self {
        let mut matched: BTreeMap<CrmId, usize> = ids(employees).map(|(at, id)| (id, at)).collect();
        let working = users.iter().filter(|user| user.active);
        let mut found: BTreeSet<usize> = working.filter_map(|user| matched.get(&user.id).copied()).collect();

        let addresses = addresses(employees);
        let open = |user: &&CrmUser, matched: &BTreeMap<CrmId, usize>| user.active && !matched.contains_key(&user.id);
        let mut by_mail = Vec::new();
        for user in users.iter().filter(|user| open(user, &matched)) {
            let address = user.email.as_deref().map(folded);
            if let Some(&at) = address.and_then(|address| addresses.get(&address)).filter(|at| !found.contains(at)) {
                by_mail.push((user.id, at));
            }
        }
        found.extend(by_mail.iter().map(|(_, at)| *at));
        matched.extend(by_mail);

        let mut by_number = by_number(employees, users.iter().filter(|user| open(user, &matched)), numbers);
        by_number.retain(|(_, at)| !found.contains(at));
        found.extend(by_number.iter().map(|(_, at)| *at));
        matched.extend(by_number);

        let by_extension = by_extension(employees, users.iter().filter(|user| open(user, &matched)));
        matched.extend(by_extension.into_iter().filter(|(_, at)| !found.contains(at)));

        let unmatched = users.iter().filter(|user| open(user, &matched)).map(|user| user.id).collect();
        Self { employees: matched.into_iter().collect(), unmatched }
    }

    /// The index of the employee who is this user of the CRM.
    ///
    /// # Cost
    /// A binary search; no lock, no allocation.
    #[must_use]
    pub fn employee_of(&self, owner: CrmId) -> Option<usize> {
        let at = self.employees.binary_search_by_key(&owner, |(id, _)| *id).ok()?;
        self.employees.get(at).map(|(_, employee)| *employee)
    }

    /// The users of the CRM that an employee is, by id.
    pub(super) fn users(&self, employee: usize) -> impl Iterator<Item = CrmId> {
        self.employees.iter().filter(move |(_, at)| *at == employee).map(|(id, _)| *id)
    }

    /// Whether no user at all is an employee.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.employees.is_empty()
    }

    /// Active users of the CRM who are no employee of ours: what they own is a miss.
    #[must_use]
    pub fn unmatched(&self) -> &[CrmId] {
        &self.unmatched
    }
}

/// The employees who are configured by an id.
fn ids(employees: &[Employee]) -> impl Iterator<Item = (usize, CrmId)> {
    employees.iter().enumerate().filter_map(|(at, employee)| Some((at, CrmId::parse(employee.crm_user.as_deref()?)?)))
}

/// Employees by e-mail. Where two claim an address, the one configured with it as `crm_user` has it.
fn addresses(employees: &[Employee]) -> BTreeMap<String, usize> {
    let mut addresses = BTreeMap::new();
    for (at, employee) in employees.iter().enumerate() {
        if let Some(address) = employee.crm_user.as_deref().filter(|user| user.contains('@')) {
            addresses.entry(folded(address)).or_insert(at);
        }
    }
    for (at, employee) in employees.iter().enumerate() {
        if let Some(email) = &employee.email {
            addresses.entry(folded(email)).or_insert(at);
        }
    }
    addresses
}

fn folded(address: &str) -> String {
    address.trim().to_lowercase()
}

/// Users whose number is one employee's, and theirs alone among the users.
fn by_number<'u>(
    employees: &[Employee],
    users: impl Iterator<Item = &'u CrmUser>,
    numbers: &NumberReader,
) -> Vec<(CrmId, usize)> {
    let mut owners: BTreeMap<PhoneKey, BTreeSet<usize>> = BTreeMap::new();
    for (at, employee) in employees.iter().enumerate() {
        let directions = employee.main.iter().chain(&employee.other).filter(|text| is_digits(text));
        for key in directions.filter_map(|text| numbers.stored(text).ok()) {
            owners.entry(key).or_default().insert(at);
        }
    }
    let mut claims = Claims::new();
    for user in users {
        let keys = user.phone.as_deref().and_then(|text| numbers.stored_all(text).ok()).unwrap_or_default();
        let of: BTreeSet<usize> = keys.iter().filter_map(|key| owners.get(key)).flatten().copied().collect();
        if let (Some(&at), 1) = (of.first(), of.len()) {
            claims.entry(at).or_default().insert(user.id);
        }
    }
    undisputed(claims)
}

/// Users whose extension is one employee's, and theirs alone among the users.
fn by_extension<'u>(employees: &[Employee], users: impl Iterator<Item = &'u CrmUser>) -> Vec<(CrmId, usize)> {
    let mut owners: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for (at, employee) in employees.iter().enumerate() {
        if let Some(extension) = employee.extension.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
            owners.entry(extension).or_default().insert(at);
        }
    }
    let mut claims = Claims::new();
    for user in users {
        let of = user.extension.as_deref().and_then(|extension| owners.get(extension.trim()));
        if let Some((of, &at)) = of.and_then(|of| Some((of, of.first()?)))
            && of.len() == 1
        {
            claims.entry(at).or_default().insert(user.id);
        }
    }
    undisputed(claims)
}

/// Who claims to be which employee.
type Claims = BTreeMap<usize, BTreeSet<CrmId>>;

/// The claims that are one user's alone.
fn undisputed(claims: Claims) -> Vec<(CrmId, usize)> {
    let alone =
        |(at, users): (usize, BTreeSet<CrmId>)| (users.len() == 1).then(|| users.first().map(|id| (*id, at)))?;
    claims.into_iter().filter_map(alone).collect()
}

fn is_digits(direction: &str) -> bool {
    direction.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::People;
    use crate::crm::CrmUser;
    use crate::model::employee::Employee;
    use crate::model::ids::CrmId;
    use crate::model::phone::NumberReader;

    fn employee(crm_user: &str, email: Option<&str>, main: &[&str]) -> Employee {
        Employee {
            name: crm_user.into(),
            crm_user: Some(crm_user.into()),
            main: main.iter().map(|&text| text.into()).collect(),
            other: Vec::new(),
            staff_id: None,
            email: email.map(Into::into),
            extension: None,
            top_manager: false,
        }
    }

    fn user(id: u64, email: &str, phone: &str) -> CrmUser {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        CrmUser { id: CrmId::Number(id), email: text(email), phone: text(phone), extension: None, active: true }
    }

    fn matched(employees: &[Employee], users: &[CrmUser]) -> People {
        People::match_users(employees, users, &NumberReader::new("UA").expect("a country"))
    }

    fn of(people: &People, ids: &[u64]) -> Vec<Option<usize>> {
        ids.iter().map(|&id| people.employee_of(CrmId::Number(id))).collect()
    }

    #[test]
    fn ids_are_known_before_the_users_are() {
        let people = matched(&[employee("101", None, &["a"]), employee("b@acme.example", None, &["b"])], &[]);
        assert_eq!(of(&people, &[101, 102]), [Some(0), None]);
        assert!(people.unmatched().is_empty());
    }

    #[test]
    fn a_user_is_recognised_by_id_then_by_e_mail_then_by_number() {
        let employees = [
            employee("101", None, &["sip_a"]),
            employee("Bob@Acme.example", None, &["sip_b"]),
            employee("999", Some("carl@acme.example"), &["sip_c"]),
            employee("998", None, &["sip_d", "380671112233"]),
            employee("997", None, &["sip_e"]),
        ];
        let users = [
            user(101, "", ""),
            user(102, "bob@acme.EXAMPLE", ""),
            user(103, "carl@acme.example", ""),
            user(104, "", "067 111-22-33"),
            user(105, "stranger@acme.example", ""),
        ];
        let people = matched(&employees, &users);
        assert_eq!(of(&people, &[101, 102, 103, 104, 105]), [Some(0), Some(1), Some(2), Some(3), None]);
        assert_eq!(people.unmatched(), [CrmId::Number(105)]);
    }

    #[test]
    fn whoever_is_recognised_by_id_gives_their_address_to_nobody_else() {
        let employees = [employee("101", Some("office@acme.example"), &["380671112233"])];
        let users = [user(101, "", ""), user(102, "office@acme.example", "380671112233")];
        let people = matched(&employees, &users);
        assert_eq!(of(&people, &[101, 102]), [Some(0), None]);
        assert_eq!(people.unmatched(), [CrmId::Number(102)]);
    }

    #[test]
    fn who_was_given_a_new_account_is_recognised_under_both() {
        let employees = [employee("101", Some("anna@acme.example"), &["a"])];
        let old = CrmUser { active: false, ..user(101, "anna@acme.example", "") };
        let people = matched(&employees, &[old, user(205, "anna@acme.example", "")]);
        assert_eq!(of(&people, &[101, 205]), [Some(0), Some(0)]);
    }

    #[test]
    fn a_number_that_several_users_share_tells_nobody_apart() {
        let employees = [employee("x@acme.example", None, &["380671112233"])];
        let people = matched(&employees, &[user(101, "", "380671112233"), user(102, "", "+380671112233")]);
        assert_eq!(of(&people, &[101, 102]), [None, None]);
    }

    #[test]
    fn last_of_all_a_user_is_recognised_by_the_extension_that_one_employee_alone_has() {
        let with = |extension: &str, of: Employee| Employee { extension: Some(extension.into()), ..of };
        let employees = [
            with("101", employee("999", None, &["a"])),
            with("102", employee("998", None, &["b"])),
            with("102", employee("997", None, &["c"])),
            with("104", employee("dora@acme.example", None, &["d"])),
            with("105", employee("996", None, &["e"])),
        ];
        let extended = |id, extension: &str| CrmUser { extension: Some(extension.to_owned()), ..user(id, "", "") };
        let users = [
            extended(101, " 101 "),
            extended(102, "102"),
            user(103, "dora@acme.example", ""),
            extended(104, "104"),
            extended(105, "105"),
            extended(106, "105"),
        ];
        let people = matched(&employees, &users);
        assert_eq!(of(&people, &[101, 102, 103, 104, 105, 106]), [Some(0), None, Some(3), None, None, None]);
    }

    #[test]
    fn who_has_left_counts_by_id_alone_and_is_not_reported() {
        let employees = [employee("101", None, &["a"]), employee("bob@acme.example", None, &["b"])];
        let users: Vec<CrmUser> = [user(101, "", ""), user(102, "bob@acme.example", "")]
            .into_iter()
            .map(|user| CrmUser { active: false, ..user })
            .collect();
        let people = matched(&employees, &users);
        assert_eq!(of(&people, &[101, 102]), [Some(0), None]);
        assert!(people.unmatched().is_empty());
    }
}
