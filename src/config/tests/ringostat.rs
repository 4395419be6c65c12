//! `[ringostat]`, `public_url`, and employees whose directions Ringostat's list says.

use std::time::Duration;

use super::{Folder, GOOD, project, spoilt};

const SECTION: &str = "[ringostat]\nproject_id = \"110070\"\nauth_key = { env = \"ACME_TOKEN\" }\nstaff = true\n";

/// `GOOD` with a section before its employees.
fn with_section(section: &str) -> Folder {
    project(&GOOD.replace("[[employee]]", &format!("{section}[[employee]]")))
}

#[test]
fn without_the_section_ringostat_is_not_asked_for_anything() {
    let acme = project(GOOD).read().unwrap().projects.remove(0);
    assert!(acme.ringostat.is_none() && acme.public_url.is_none());
}

#[test]
fn an_empty_section_has_every_default() {
    let acme = with_section("[ringostat]\n").read().unwrap().projects.remove(0);
    let section = acme.ringostat.unwrap();
    assert_eq!((section.project_id, section.staff, section.base_url), (None, false, None));
    assert!(section.auth_key.is_none());
    assert_eq!((section.contact_book, section.contact_book_pause), (false, Duration::from_secs(5)));
    assert_eq!(section.recording_hosts, ["app.ringostat.com"]);
}

#[test]
fn a_whole_section_is_read() {
    let section = format!(
        "{SECTION}base_url = \"http://127.0.0.1:8090\"\nrecording_hosts = [\"APP.ringostat.com\", \"127.0.0.1\"]\n\
         public_url = \"https://predial.acme.example\"\n"
    );
    let acme = with_section(&section).read().unwrap().projects.remove(0);
    let section = acme.ringostat.unwrap();
    assert_eq!((section.project_id, section.staff), (Some(110_070), true));
    assert_eq!(section.auth_key.unwrap().expose(), "acme-token-0123456789");
    assert_eq!(section.base_url.unwrap().as_str(), "http://127.0.0.1:8090/");
    assert_eq!(section.recording_hosts, ["app.ringostat.com", "127.0.0.1"]);
    assert_eq!(acme.public_url.unwrap().value.as_str(), "https://predial.acme.example/");
}

#[test]
fn reconciling_is_off_unless_it_is_said_and_takes_an_id_and_a_key() {
    let read = |section: &str| with_section(section).read().unwrap().projects.remove(0).ringostat.unwrap();
    assert!(!read(SECTION).reconcile);
    let section = read(&SECTION.replace("staff = true", "reconcile = true"));
    assert!(section.reconcile && !section.staff);
    spoilt(
        "[[employee]]",
        "[ringostat]\nreconcile = true\n[[employee]]",
        &[
            "7: ringostat.auth_key: expected a value, found none",
            "7: ringostat.project_id: expected a value, found none",
        ],
    );
}

#[test]
fn the_contact_book_takes_an_id_and_a_key_and_a_pause_in_seconds() {
    let section = SECTION.replace("staff = true", "contact_book = true\ncontact_book_pause_s = 60");
    let acme = with_section(&section).read().unwrap().projects.remove(0);
    let section = acme.ringostat.unwrap();
    assert_eq!((section.contact_book, section.contact_book_pause), (true, Duration::from_secs(60)));
    spoilt(
        "[[employee]]",
        "[ringostat]\ncontact_book = true\ncontact_book_pause_s = 0\n[[employee]]",
        &[
            "7: ringostat.auth_key: expected a value, found none",
            "7: ringostat.project_id: expected a value, found none",
            "9: ringostat.contact_book_pause_s: expected a whole number, 1 to 3600 seconds, found 0",
        ],
    );
}

#[test]
fn staff_takes_an_id_and_a_key_and_both_are_said_to_be_missing_at_once() {
    spoilt(
        "[[employee]]",
        "[ringostat]\nstaff = true\n[[employee]]",
        &[
            "7: ringostat.auth_key: expected a value, found none",
            "7: ringostat.project_id: expected a value, found none",
        ],
    );
}

#[test]
fn a_project_id_is_digits_that_a_json_number_carries() {
    for id in ["0", "acme", "1234567890123456", "-1"] {
        let wrong = format!("ringostat.project_id: expected a project's id of 1 to 15 digits, found `{id}`");
        let section = SECTION.replace("110070", id);
        assert_eq!(with_section(&section).problems(), [format!("projects/acme.toml:8: {wrong}")], "{id}");
    }
}

#[test]
fn the_public_address_stands_beside_the_section_or_in_it_and_is_one() {
    let both = |beside: &str, own: &str| {
        let text = GOOD.replace("[crm]", &format!("public_url = \"{beside}\"\n[crm]"));
        let own = format!("[ringostat]\npublic_url = \"{own}\"\n[[employee]]");
        project(&text.replace("[[employee]]", &own))
    };
    let one = "https://predial.acme.example";
    assert_eq!(both(one, "https://predial.acme.example/").problems(), [""; 0]);
    let wrong = "ringostat.public_url: expected the public_url of row 4, or one of the two alone, found another";
    assert_eq!(both(one, "https://other.acme.example").problems(), [format!("projects/acme.toml:9: {wrong}")]);
    let beside = GOOD.replace("[crm]", &format!("public_url = \"{one}\"\n[crm]"));
    assert_eq!(project(&beside).read().unwrap().projects[0].public_url.as_ref().unwrap().row, 4);
    spoilt(
        "[crm]",
        "public_url = \"http://predial.acme.example\"\n[crm]",
        &["4: public_url: expected https (http for this machine only), found http"],
    );
}

#[test]
fn with_staff_an_employee_may_leave_directions_to_the_list_if_it_can_be_found_there() {
    let employee = |keys: &str| with_section(SECTION).text_of_project().replace("main = [\"acme_anna\"]\n", keys);
    for keys in [
        "staff_id = \"348104\"\n",
        "email = \"anna@acme.example\"\n",
        "extension = \"101\"\n",
        "other = [\"acme_anna_home\"]\n",
    ] {
        let acme = project(&employee(keys)).read().unwrap().projects.remove(0);
        assert!(acme.employees[0].value.main.is_empty(), "{keys}");
    }
    let by_address = employee("").replace("crm_user = \"101\"", "crm_user = \"anna@acme.example\"");
    assert_eq!(project(&by_address).problems(), [""; 0]);
    let expected = "a value, or an e-mail, staff_id, extension or other direction to find it in the staff list by";
    assert_eq!(
        project(&employee("")).problems(),
        [format!("projects/acme.toml:11: employee.main: expected {expected}, found none")]
    );
    assert_eq!(
        project(&employee("main = []\nextension = \"101\"\n")).problems(),
        ["projects/acme.toml:14: employee.main: expected at least one direction, found none"]
    );
}
