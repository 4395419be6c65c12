//! Queries, pieces of numbers, and what the fields' metadata makes of a module.

use proptest::prelude::proptest;

use crate::crm::zoho_crm::coql::{Since, behind, changed, deals_of, holding, made_since, with_number, with_text};
use crate::crm::zoho_crm::number::{pieces, terms};
use crate::crm::zoho_crm::path;
use crate::crm::zoho_crm::schema::Schema;
use crate::crm::zoho_crm::wire::Fields;
use crate::model::{client::Kind, ids::CrmId, phone::PhoneKey};

fn key(digits: u64) -> PhoneKey {
    PhoneKey::from_digits(digits).expect("a number")
}

fn schema(kind: Kind, json: &str, configured: &[String]) -> Schema {
    Schema::of(kind, &serde_json::from_str::<Fields>(json).expect("fields"), configured)
}

#[test]
fn a_number_is_looked_for_in_the_ways_that_people_write_its_end() {
    let pieces_of = |digits| pieces(key(digits));
    assert_eq!(pieces_of(380_671_112_233), ["1112233", "111 22 33", "111-22-33", "111 2233", "1 112 233", "111-2233"]);
    for (digits, typed) in [
        (380_671_112_233, "+38 (067) 111-22-33"),
        (380_671_112_233, "067 111 22 33 ext 5"),
        (48_600_123_456, "+48 600 123 456"),
        (12_125_551_234, "(212) 555-1234"),
        (420_603_123_456, "603 123 456"),
    ] {
        assert!(pieces_of(digits).iter().any(|piece| typed.contains(piece)), "{typed}");
    }
    // What the doc comment of `pieces` owns up to. When one of these is found, that comment is to be mended.
    for typed in ["067.111.22.33", "067 11 12 233", "067\t111\u{a0}22\u{a0}33"] {
        assert!(!pieces_of(380_671_112_233).iter().any(|piece| typed.contains(piece)), "{typed}");
    }
    assert_eq!(terms(key(380_671_112_233)), ["+380671112233", "671112233"]);
    assert_eq!(terms(key(3_711_234)), ["+3711234", "3711234"]);
}

proptest! {
    #[test]
    fn every_piece_is_an_end_of_the_number_and_never_reaches_into_the_countrys_code(digits in 10_000_u64..1_000_000_000_000_000) {
        let text = digits.to_string();
        for piece in pieces(key(digits)) {
            let bare: String = piece.chars().filter(char::is_ascii_digit).collect();
            assert!(text.ends_with(&bare) && (4..=7).contains(&bare.len()), "{piece}");
            assert!(text.len() < 8 || bare.len() + 3 <= text.len());
        }
    }
}

#[test]
fn queries_are_written_as_the_vendor_reads_them() {
    assert_eq!(
        behind("id, Phone", "Contacts", 17, &[]).text,
        "select id, Phone from Contacts where id > 17 order by id asc limit 2000"
    );
    assert_eq!(
        behind("id", "Deals", 0, &["Closed Won", "Програно"]).text,
        "select id from Deals where (id > 0 and Stage not in ('Closed Won', 'Програно')) order by id asc limit 2000"
    );
    let first = changed("id", "Leads", Since { at_s: 1_795_000_000, behind: None });
    assert_eq!(
        (first.text.as_str(), first.rows),
        (
            "select id from Leads where Modified_Time >= '2026-11-18T11:06:40+00:00' \
             order by Modified_Time asc, id asc limit 200",
            200
        )
    );
    let next = changed("id", "Leads", Since { at_s: 1_795_000_000, behind: Some(5) });
    assert_eq!(
        next.text,
        "select id from Leads where (Modified_Time > '2026-11-18T11:06:40+00:00' or \
         (Modified_Time = '2026-11-18T11:06:40+00:00' and id > 5)) order by Modified_Time asc, id asc limit 2000"
    );
    let fields = ["Phone".to_owned(), "Mobile".to_owned()];
    assert_eq!(
        with_number("id", "Leads", &fields, &["1112233".to_owned(), "111 22 33".to_owned()]).text,
        "select id from Leads where (Phone like '%1112233%' or (Mobile like '%1112233%' or \
         (Phone like '%111 22 33%' or Mobile like '%111 22 33%'))) limit 200"
    );
    let ids = |from: u64, to: u64| (from..to).map(CrmId::Number).collect::<Vec<_>>();
    assert_eq!(
        deals_of("id", &ids(1, 3), &ids(3, 4)).expect("a query").text,
        "select id from Deals where (Contact_Name in ('1', '2') or Account_Name in ('3')) limit 200"
    );
    assert_eq!(deals_of("id", &[], &[]), None);
    assert_eq!(deals_of("id", &ids(0, 80), &[]).expect("a query").text.matches('\'').count(), 100, "50 values");
}

#[test]
fn a_query_never_asks_more_conditions_than_the_vendor_takes() {
    let pieces = pieces(key(380_671_112_233));
    for count in 1..=40 {
        let fields: Vec<String> = (0..count).map(|at| format!("Phone_{at}")).collect();
        let text = with_number("id", "Contacts", &fields, &pieces).text;
        let conditions = text.matches(" like ").count();
        assert!(conditions <= 25, "{count} fields: {conditions}");
        assert!(count > 25 || conditions.is_multiple_of(count), "a piece is asked of all fields or of none: {count}");
        assert!(text.contains("Phone_0 like '%1112233%'"), "{text}");
    }
}

#[test]
fn a_query_costs_by_the_rows_it_may_bring() {
    let costs = [200, 201, 999, 2_000].map(path::credits::query);
    assert_eq!(costs, [1, 2, 2, 3]);
}

#[test]
fn of_the_fields_those_of_type_phone_and_the_configured_ones_are_numbers() {
    let json = r#"{"fields":[{"api_name":"Phone","data_type":"phone"},{"api_name":"Fax","data_type":"text"},
        {"api_name":"Viber","data_type":"text"},{"api_name":"Mobile","data_type":"phone"},{"api_name":"Email","data_type":null}]}"#;
    let configured = ["Viber".to_owned(), "Phone".to_owned(), "Nothing".to_owned()];
    let contacts = schema(Kind::Contact, json, &configured);
    assert_eq!(contacts.numbers(), ["Phone", "Mobile", "Viber"]);
    assert_eq!(contacts.select, "id, Owner, Created_Time, Modified_Time, Account_Name, Phone, Mobile, Viber");
    assert_eq!(contacts.listed(), "id,Owner,Created_Time,Modified_Time,Account_Name,Phone,Mobile,Viber");
    assert_eq!(schema(Kind::Deal, json, &configured).numbers(), [""; 0], "a deal is found through others");
    // A query that names a field that is not there is refused, so it is named where there is one.
    assert!(!schema(Kind::Lead, json, &[]).select.contains("Converted__s"));
    let json = r#"{"fields":[{"api_name":"Converted__s","data_type":"boolean"}]}"#;
    assert!(schema(Kind::Lead, json, &[]).select.contains("Converted__s"));
}

#[test]
fn five_hundred_number_fields_are_read_as_far_as_a_request_can_name_them() {
    let fields: Vec<String> = (0..500).map(|at| format!(r#"{{"api_name":"P{at}","data_type":"phone"}}"#)).collect();
    let schema = schema(Kind::Contact, &format!(r#"{{"fields":[{}]}}"#, fields.join(",")), &[]);
    assert_eq!((schema.numbers().len(), schema.select.split(", ").count()), (45, 50));
}

#[test]
fn a_stage_is_closed_by_the_type_of_its_forecast_else_by_its_category() {
    let json = r#"{"fields":[{"api_name":"Stage","data_type":"picklist","pick_list_values":[
        {"display_value":"Новий","actual_value":"Qualification","forecast_type":"Open","forecast_category":{"name":"Pipeline"}},
        {"display_value":"Пауза","actual_value":"Hold","forecast_type":"Open","forecast_category":{"name":"Omitted"}},
        {"display_value":"Так","actual_value":"Closed Won","forecast_type":"Closed Won","forecast_category":3},
        {"display_value":"Ні","actual_value":"Lost","forecast_type":null,"forecast_category":{"name":"Omitted"}},
        {"display_value":"It's \"no\"","actual_value":null,"forecast_type":"closed lost","forecast_category":null},
        {"display_value":"?","actual_value":"?"}]}]}"#;
    let deals = schema(Kind::Deal, json, &[]);
    for (stage, open) in [
        ("Новий", true),
        ("Qualification", true),
        ("Пауза", true),
        ("Так", false),
        ("Closed Won", false),
        ("Ні", false),
        ("Lost", false),
        ("It's \"no\"", false),
        ("?", true),
        ("never heard of", true),
    ] {
        assert_eq!(deals.is_open(Some(stage)), open, "{stage}");
    }
    assert!(deals.is_open(None) && deals.is_unknown("never heard of") && !deals.is_unknown("Hold"));
    assert_eq!(deals.closed_stages(), ["Closed Won", "Lost", "Ні", "Так"], "without what would have to be escaped");
}

#[test]
fn what_was_made_since_is_asked_for_with_its_text_and_what_would_end_a_text_is_escaped() {
    let linked = made_since("Tasks", Some(("Who_Id", "7")), 1_731_315_881);
    assert_eq!(
        (linked.text.as_str(), linked.rows),
        (
            "select id, Description from Tasks where (Who_Id = '7' and Created_Time >= '2024-11-11T09:04:41+00:00') order \
             by Created_Time desc limit 200",
            200
        )
    );
    let all = made_since("Tasks", None, 1_731_315_881);
    assert!(all.text.contains("where Created_Time >= '2024-11-11T09:04:41+00:00' order") && all.rows == 2_000);
    assert_eq!(with_text("Leads", "Mark", r"a'b\c").text, r"select id from Leads where Mark = 'a\'b\\c' limit 200");
}

#[test]
fn an_email_and_a_client_id_are_asked_for_whole_whatever_signs_they_have() {
    let ids = holding("Leads", &["GA_Client"], r"1'2\%", false);
    assert_eq!(ids.text, r"select id, GA_Client from Leads where GA_Client = '1\'2\\%' limit 200");
    let emails = holding("Contacts", &["Email", "Secondary_Email"], "o'neil@a.b", true);
    let conditions = r"(Email = 'o\'neil@a.b' or (Email like 'o\'neil@a.b' or (Secondary_Email = 'o\'neil@a.b' or Secondary_Email like 'o\'neil@a.b')))";
    assert_eq!(emails.text, format!("select id, Email, Secondary_Email from Contacts where {conditions} limit 200"));
    let percent = holding("Contacts", &["Email"], "a%b@c.d", true);
    assert_eq!(percent.text, "select id, Email from Contacts where Email = 'a%b@c.d' limit 200");
}
