//! Who of the staff list is which configured employee, and what comes of both.

use super::join;
use crate::model::employee::Employee;
use crate::model::phone::NumberReader;
use crate::pbx::StaffMember;

fn texts(texts: &[&str]) -> Vec<Box<str>> {
    texts.iter().map(|&text| text.into()).collect()
}

/// As configured, with directions left out.
fn employee(name: &str) -> Employee {
    Employee {
        name: name.into(),
        crm_user: Some("101".into()),
        main: Vec::new(),
        other: Vec::new(),
        staff_id: None,
        email: None,
        extension: None,
        top_manager: false,
    }
}

fn member(staff_id: &str, main: &[&str]) -> StaffMember {
    StaffMember {
        staff_id: staff_id.into(),
        name: format!("staff {staff_id}").into(),
        email: None,
        extension: None,
        main: texts(main),
        other: Vec::new(),
    }
}

fn joined(configured: &[Employee], staff: &[StaffMember]) -> Vec<Employee> {
    join(configured, staff, &NumberReader::new("UA").unwrap()).0
}

/// Names and main directions.
fn told(employees: &[Employee]) -> Vec<(&str, Vec<&str>)> {
    employees.iter().map(|employee| (&*employee.name, employee.main.iter().map(|text| &**text).collect())).collect()
}

#[test]
fn a_staff_id_decides_before_an_e_mail() {
    let anna = Employee { staff_id: Some("1".into()), email: Some("anna@acme.example".into()), ..employee("Anna") };
    let other = StaffMember { email: Some("anna@acme.example".into()), ..member("2", &["acme_other"]) };
    let found = joined(&[anna], &[other, member("1", &["acme_anna"])]);
    assert_eq!(told(&found), [("Anna", vec!["acme_anna"]), ("staff 2", vec!["acme_other"])]);
}

#[test]
fn an_e_mail_decides_before_an_extension_with_the_case_folded() {
    let by_user = Employee { crm_user: Some("Anna@Acme.example".into()), ..employee("Anna") };
    let by_email =
        Employee { email: Some("boris@acme.example".into()), extension: Some("7".into()), ..employee("Boris") };
    let staff = [
        StaffMember { extension: Some("7".into()), ..member("3", &["acme_seven"]) },
        StaffMember { email: Some("BORIS@acme.example".into()), ..member("2", &["acme_boris"]) },
        StaffMember { email: Some("anna@acme.EXAMPLE".into()), ..member("1", &["acme_anna"]) },
    ];
    let found = joined(&[by_user, by_email], &staff);
    let expected = [("Anna", vec!["acme_anna"]), ("Boris", vec!["acme_boris"]), ("staff 3", vec!["acme_seven"])];
    assert_eq!(told(&found), expected);
}

#[test]
fn an_extension_decides_before_a_shared_direction() {
    let anna = Employee { extension: Some("101".into()), other: texts(&["acme_desk"]), ..employee("Anna") };
    let staff =
        [member("1", &["acme_desk"]), StaffMember { extension: Some("101".into()), ..member("2", &["acme_anna"]) }];
    let found = joined(&[anna], &staff);
    assert_eq!(told(&found), [("Anna", vec!["acme_anna"]), ("staff 1", vec!["acme_desk"])]);
}

#[test]
fn a_shared_login_or_number_however_written_is_the_last_thing_that_tells() {
    let login = Employee { other: texts(&["ACME_anna"]), ..employee("Anna") };
    let number = Employee { other: texts(&["380671112233"]), ..employee("Boris") };
    let staff = [
        StaffMember { other: texts(&["acme_anna"]), ..member("1", &["acme_a"]) },
        member("2", &["acme_b", "+380 (67) 111-22-33"]),
    ];
    let found = joined(&[login, number], &staff);
    assert_eq!(told(&found), [("Anna", vec!["acme_a"]), ("Boris", vec!["acme_b", "380671112233"])]);
}

#[test]
fn what_several_share_tells_nobody_apart() {
    let one = Employee { extension: Some("7".into()), ..employee("Anna") };
    let staff =
        ["1", "2"].map(|id| StaffMember { extension: Some("7".into()), ..member(id, &[&format!("acme_{id}")]) });
    let found = joined(&[one], &staff);
    assert_eq!(told(&found), [("Anna", vec![]), ("staff 1", vec!["acme_1"]), ("staff 2", vec!["acme_2"])]);

    let desks = ["Anna", "Boris"].map(|name| Employee { other: texts(&["acme_desk"]), ..employee(name) });
    let found = joined(&desks, &[member("1", &["acme_desk"])]);
    assert_eq!(told(&found), [("Anna", vec![]), ("Boris", vec![]), ("staff 1", vec!["acme_desk"])]);
}

#[test]
fn what_is_configured_outright_stands_and_what_is_left_out_comes_from_the_list() {
    let whole = Employee {
        main: texts(&["acme_anna"]),
        other: texts(&["acme_anna_home"]),
        staff_id: Some("1".into()),
        email: Some("anna@acme.example".into()),
        extension: Some("101".into()),
        top_manager: true,
        ..employee("Anna")
    };
    let listed = StaffMember {
        email: Some("a.kovalenko@acme.example".into()),
        extension: Some("999".into()),
        other: texts(&["380509998877"]),
        ..member("1", &["acme_elsewhere"])
    };
    assert_eq!(joined(std::slice::from_ref(&whole), std::slice::from_ref(&listed)), std::slice::from_ref(&whole));

    let bare = Employee { staff_id: Some("1".into()), top_manager: true, ..employee("Anna") };
    let completed = Employee {
        main: texts(&["acme_elsewhere"]),
        other: texts(&["380509998877"]),
        email: listed.email.clone(),
        extension: listed.extension.clone(),
        ..bare.clone()
    };
    assert_eq!(joined(&[bare], &[listed]), [completed]);
}

#[test]
fn a_main_direction_of_the_list_that_the_table_does_not_dial_still_tells_who_answered() {
    let anna = Employee { main: texts(&["acme_anna"]), staff_id: Some("1".into()), ..employee("Anna") };
    let found = joined(&[anna], &[member("1", &["acme_elsewhere", "acme_anna"])]);
    assert_eq!((&found[0].main, &found[0].other), (&texts(&["acme_anna"]), &texts(&["acme_elsewhere"])));
}

#[test]
fn additional_directions_are_never_dialled() {
    let anna = Employee { staff_id: Some("1".into()), ..employee("Anna") };
    let listed = StaffMember { other: texts(&["acme_anna"]), ..member("1", &[]) };
    let nobody = StaffMember { other: texts(&["acme_boris"]), ..member("2", &[]) };
    let found = joined(&[anna], &[listed, nobody]);
    assert_eq!(told(&found), [("Anna", vec![]), ("staff 2", vec![])]);
    assert_eq!((&found[0].other, &found[1].other), (&texts(&["acme_anna"]), &texts(&["acme_boris"])));
}

#[test]
fn who_stands_on_the_list_alone_is_an_employee_after_the_configured_ones() {
    let listed = StaffMember { email: Some("vira@acme.example".into()), ..member("9", &["acme_vira"]) };
    let found = joined(&[employee("Anna"), employee("Boris")], &[listed]);
    let vira = Employee {
        crm_user: None,
        main: texts(&["acme_vira"]),
        staff_id: Some("9".into()),
        email: Some("vira@acme.example".into()),
        ..employee("staff 9")
    };
    assert_eq!(found, [employee("Anna"), employee("Boris"), vira]);
}

#[test]
fn directions_are_dialled_in_the_lists_order_as_whole_numbers_each_once() {
    let staff = [member("1", &["067 111 22 33", "acme_anna", "+380671112233", "Anna's desk"])];
    let (found, unreadable) = join(&[], &staff, &NumberReader::new("UA").unwrap());
    assert_eq!((told(&found), unreadable), (vec![("staff 1", vec!["380671112233", "acme_anna"])], 1));
}

#[test]
fn an_empty_list_leaves_what_is_configured() {
    let configured = [Employee { main: texts(&["acme_anna"]), ..employee("Anna") }, employee("Boris")];
    assert_eq!(joined(&configured, &[]), configured);
}
