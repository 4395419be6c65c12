//! Who answered or made a call: a SIP login, an id, an address, an extension or a number of one of our employees.

use super::{People, Project};
use crate::crm::CrmUser;
use crate::model::call::Speaker;
use crate::model::employee::Employee;
use crate::model::ids::CrmId;
use crate::model::phone::PhoneKey;

impl Project {
    /// The employee who spoke, by their place: by SIP login or number, then by the telephone system's id of them, by
    /// e-mail, and by extension.
    ///
    /// A line that belongs to nobody is nobody's, whatever name stands beside it: that is the case the settings are to be
    /// checked for. An id, an address or an extension of an employee says who it was all the same.
    #[must_use]
    pub fn speaker(&self, speaker: &Speaker) -> Option<usize> {
        let at = |is: &dyn Fn(&Employee) -> bool| self.employees.iter().position(is);
        let same = |own: Option<&str>, told: &str| own.is_some_and(|own| own.trim().eq_ignore_ascii_case(told.trim()));
        let by_line = speaker.line.as_deref().and_then(|line| self.of_line(line));
        let by_id = || speaker.staff_id.as_deref().and_then(|id| at(&|of| same(of.staff_id.as_deref(), id)));
        let by_mail = || {
            let email = speaker.email.as_deref()?;
            let user = |of: &Employee| of.crm_user.as_deref().filter(|user| user.contains('@')).map(str::to_owned);
            at(&|of| same(of.email.as_deref(), email) || same(user(of).as_deref(), email))
        };
        let by_extension = || {
            let extension = speaker.extension.as_deref()?;
            at(&|of| same(of.extension.as_deref(), extension))
        };
        by_line.or_else(by_id).or_else(by_mail).or_else(by_extension)
    }

    /// The employee who has this SIP login or number, dialled or not.
    fn of_line(&self, line: &str) -> Option<usize> {
        let key = self.numbers.stored(line).ok();
        let has = |own: &str| {
            own.eq_ignore_ascii_case(line.trim()) || key.is_some_and(|key| self.numbers.stored(own).ok() == Some(key))
        };
        self.employees.iter().position(|employee| employee.main.iter().chain(&employee.other).any(|own| has(own)))
    }

    /// Whether a number is one of an employee's own: who calls from it is no client.
    #[must_use]
    pub fn is_an_employees(&self, number: PhoneKey) -> bool {
        let mut own = self.employees.iter().flat_map(|employee| employee.main.iter().chain(&employee.other));
        own.any(|own| self.numbers.stored(own).ok() == Some(number))
    }

    /// The one who gets what belongs to nobody.
    #[must_use]
    pub fn top_manager(&self) -> Option<usize> {
        self.employees.iter().position(|employee| employee.top_manager)
    }
}

impl People {
    /// The user of the CRM that an employee is: of several the one who works there, then the one with the highest id.
    /// `None` where the CRM's users are not known yet, or the employee is none of them.
    #[must_use]
    pub fn user_of(&self, employee: usize, users: &[CrmUser]) -> Option<CrmId> {
        let works = |id: &CrmId| users.iter().any(|user| user.id == *id && user.active);
        self.users(employee).max_by_key(|id| (works(id), *id))
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, sync::Arc};

    use crate::config;
    use crate::crm::CrmUser;
    use crate::model::call::Speaker;
    use crate::model::employee::Employee;
    use crate::model::ids::CrmId;
    use crate::model::phone::NumberReader;
    use crate::project::{People, Project, compile};

    fn anna() -> Employee {
        Employee {
            name: "Anna".into(),
            crm_user: Some("301".into()),
            main: vec!["acme_anna".into()],
            other: Vec::new(),
            staff_id: None,
            email: Some("anna@acme.example".into()),
            extension: None,
            top_manager: true,
        }
    }

    /// Anna, and Bohdan, of whom everything is known.
    fn project() -> Arc<Project> {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("projects")).expect("a folder");
        std::fs::write(folder.path().join("projects/acme.toml"), ACME).expect("a file");
        let environment = BTreeMap::from([("TOKEN".to_owned(), "acme-token-0123456789".to_owned())]);
        let settings = config::read(Some(folder.path()), &environment).expect("no problem");
        compile(&settings).expect("no problem").remove(0)
    }

    const ACME: &str = "token = { env = \"TOKEN\" }\ntimezone = \"Europe/Kyiv\"\ncountry = \"UA\"\n\
        [crm]\nkind = \"hubspot\"\ntoken = { env = \"TOKEN\" }\n\
        [[employee]]\nname = \"Anna\"\ncrm_user = \"101\"\nmain = [\"acme_anna\"]\ntop_manager = true\n\
        [[employee]]\nname = \"Bohdan\"\ncrm_user = \"bohdan@acme.example\"\nmain = [\"acme_bohdan\", \"380671110002\"]\n\
        other = [\"380441110002\"]\nstaff_id = \"4711\"\nemail = \"b.shevchuk@acme.example\"\nextension = \"202\"\n\
        [block.sales]\npriority = [\"contact\"]\nanswer = \"plain\"\n";

    #[test]
    fn an_employee_is_known_by_each_of_what_a_telephone_system_says_of_them() {
        let project = project();
        let line = |line: &str| Speaker { line: Some(line.to_owned()), ..Speaker::default() };
        let bohdan = Some(1);
        for (says, who) in [
            (line("ACME_Bohdan"), bohdan),
            (line("0671110002"), bohdan),
            (line("+380 44 111 00 02"), bohdan),
            (line("acme_anna"), Some(0)),
            (Speaker { staff_id: Some("4711".to_owned()), ..Speaker::default() }, bohdan),
            (Speaker { email: Some("B.Shevchuk@acme.example".to_owned()), ..Speaker::default() }, bohdan),
            (Speaker { email: Some("bohdan@acme.example".to_owned()), ..Speaker::default() }, bohdan),
            (Speaker { extension: Some("202".to_owned()), ..Speaker::default() }, bohdan),
            (Speaker { staff_id: Some("4711".to_owned()), ..line("acme_nobody") }, bohdan),
            (Speaker { staff_id: Some("4711".to_owned()), ..line("acme_anna") }, Some(0)),
            (Speaker { name: Some("Bohdan".to_owned()), ..line("acme_nobody") }, None),
            (Speaker { staff_id: Some("1".to_owned()), extension: Some("20".to_owned()), ..Speaker::default() }, None),
            (Speaker::default(), None),
        ] {
            assert_eq!(project.speaker(&says), who, "{says:?}");
        }
    }

    #[test]
    fn an_employee_with_two_accounts_writes_under_the_one_that_works() {
        let user = |id, active| CrmUser {
            id: CrmId::Number(id),
            email: Some("anna@acme.example".to_owned()),
            phone: None,
            extension: None,
            active,
        };
        let users = [user(301, false), user(205, true)];
        let numbers = NumberReader::new("UA").expect("a country");
        let people = People::match_users(&[anna()], &users, &numbers);
        assert_eq!(people.user_of(0, &users), Some(CrmId::Number(205)));
        assert_eq!(people.user_of(0, &[]), Some(CrmId::Number(301)));
        assert_eq!(people.user_of(1, &users), None);
    }
}
