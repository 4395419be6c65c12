//! Who of the CRM's users is who of ours.

use std::collections::HashMap;

use foldhash::quality::FixedState;

use crate::crm::CrmUser;
use crate::model::{employee::Employee, ids::CrmId, phone::NumberReader};

/// The CRM's users as employees of the project; made anew when either changes, only read on a call.
#[derive(Debug, Default)]
pub struct People {
    by_user: HashMap<CrmId, usize, FixedState>,
    unmatched: Vec<CrmId>,
}

impl People {
    /// Matches users with employees: by the id that `crm_user` names, then by e-mail with the case folded, then by
    /// number.
    ///
    /// Ids match before the CRM has told its users, so that the first call after a start is answered.
    #[must_use]
    pub fn match_users(employees: &[Employee], users: &[CrmUser], numbers: &NumberReader) -> Self {
        let by_id = |(at, employee): (usize, &Employee)| CrmId::parse(&employee.crm_user).map(|id| (id, at));
        let mut people =
            Self { by_user: employees.iter().enumerate().filter_map(by_id).collect(), unmatched: Vec::new() };
        for user in users.iter().filter(|user| user.active) {
            if people.by_user.contains_key(&user.id) {
                continue;
            }
            let at = by_email(employees, user).or_else(|| by_number(employees, user, numbers));
            match at {
                Some(at) => {
                    people.by_user.insert(user.id, at);
                }
                None => people.unmatched.push(user.id),
            }
        }
        people
    }

    /// The employee that an owner is, as their place in the project's list.
    ///
    /// # Cost
    /// One look-up; no lock, no allocation.
    #[must_use]
    pub fn employee_of(&self, owner: CrmId) -> Option<usize> {
        self.by_user.get(&owner).copied()
    }

    /// Active users of the CRM who are no employee of the project.
    #[must_use]
    pub fn unmatched(&self) -> &[CrmId] {
        &self.unmatched
    }
}

fn by_email(employees: &[Employee], user: &CrmUser) -> Option<usize> {
    let email = user.email.as_deref()?.to_lowercase();
    let is = |text: &str| text.to_lowercase() == email;
    employees.iter().position(|employee| is(&employee.crm_user) || employee.email.as_deref().is_some_and(is))
}

fn by_number(employees: &[Employee], user: &CrmUser, numbers: &NumberReader) -> Option<usize> {
    let key = numbers.stored(user.phone.as_deref()?).ok()?;
    let carries = |direction: &str| numbers.stored(direction) == Ok(key);
    let of = |employee: &Employee| employee.main.iter().chain(&employee.other).any(|direction| carries(direction));
    employees.iter().position(of)
}

#[cfg(test)]
mod tests {
    use super::People;
    use crate::crm::CrmUser;
    use crate::model::{employee::Employee, ids::CrmId, phone::NumberReader};

    fn employee(crm_user: &str, email: Option<&str>, main: &str) -> Employee {
        Employee {
            name: "Anna".into(),
            crm_user: crm_user.into(),
            main: vec![main.into()],
            other: Vec::new(),
            staff_id: None,
            email: email.map(Into::into),
            extension: None,
            top_manager: false,
        }
    }

    fn user(id: u64, email: Option<&str>, phone: Option<&str>, active: bool) -> CrmUser {
        CrmUser { id: CrmId::Number(id), email: email.map(Into::into), phone: phone.map(Into::into), active }
    }

    fn matched(employees: &[Employee], users: &[CrmUser]) -> People {
        People::match_users(employees, users, &NumberReader::new("UA").expect("a country"))
    }

    #[test]
    fn an_id_matches_before_the_crm_has_told_its_users() {
        assert_eq!(matched(&[employee("101", None, "anna")], &[]).employee_of(CrmId::Number(101)), Some(0));
    }

    #[test]
    fn an_email_matches_whatever_its_case_as_crm_user_or_as_email() {
        let employees =
            [employee("Anna@Acme.example", None, "anna"), employee("9", Some("BORIS@acme.example"), "boris")];
        let users = [user(5, Some("anna@ACME.example"), None, true), user(6, Some("boris@acme.example"), None, true)];
        let people = matched(&employees, &users);
        assert_eq!(people.employee_of(CrmId::Number(5)), Some(0));
        assert_eq!(people.employee_of(CrmId::Number(6)), Some(1));
    }

    #[test]
    fn a_number_matches_last_however_it_is_written() {
        let employees = [employee("9", None, "380671112233")];
        let people = matched(&employees, &[user(5, None, Some("067 111-22-33"), true)]);
        assert_eq!(people.employee_of(CrmId::Number(5)), Some(0));
    }

    #[test]
    fn an_active_user_who_is_nobody_of_ours_is_reported_and_one_who_left_is_not() {
        let people = matched(
            &[employee("9", None, "anna")],
            &[user(5, Some("x@acme.example"), None, true), user(6, Some("y@acme.example"), None, false)],
        );
        assert_eq!(people.employee_of(CrmId::Number(5)), None);
        assert_eq!(people.unmatched(), [CrmId::Number(5)]);
    }
}
