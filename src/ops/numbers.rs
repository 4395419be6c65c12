//! `/api/projects/{p}/numbers`: the CRM's numbers that could not be read, as JSON or, where `Accept` asks for it, CSV.

use axum::{
    Json,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{projects::Named, refusal::Refusal};
use crate::directory::UnreadableNumber;

const CSV: &str = "text/csv";

pub(super) async fn list(Named(line): Named, headers: HeaderMap) -> Result<Response, Refusal> {
    let unreadable = line.directory.unreadable_numbers();
    let accepts = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    if !accepts.flat_map(|accept| accept.split(',')).any(|range| range.split(';').next().map(str::trim) == Some(CSV)) {
        return Ok(Json(unreadable).into_response());
    }
    let table = table(&unreadable.numbers).map_err(|error| {
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "not_encoded", format!("the numbers: {error}"))
    })?;
    let name = format!("attachment; filename=\"{}-numbers.csv\"", line.project.name);
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present".to_owned()),
        (header::CONTENT_DISPOSITION, name),
        (header::HeaderName::from_static("x-predial-beyond"), unreadable.beyond.to_string()),
    ];
    Ok((headers, table).into_response())
}

/// # Shape
/// A header line, then `kind,id,text,why` per number.
fn table(numbers: &[UnreadableNumber]) -> Result<Vec<u8>, csv::Error> {
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(["kind", "id", "text", "why"])?;
    for UnreadableNumber { kind, id, text, why } in numbers {
        table.write_record([kind, id.as_str(), &inert(text), why])?;
    }
    table.into_inner().map_err(|error| error.into_error().into())
}

/// A text that no spreadsheet takes for a formula: clients can type anything into a form that fills the CRM.
fn inert(text: &str) -> String {
    let begins_one = text
        .trim_start_matches([' ', '\u{a0}'])
        .starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}']);
    if begins_one { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::table;
    use crate::directory::UnreadableNumber;

    fn row(text: &str) -> String {
        let number = UnreadableNumber { kind: "contact", id: "7".to_owned(), text: text.to_owned(), why: "unreadable" };
        let table = String::from_utf8(table(&[number]).expect("a table")).expect("text");
        let (header, row) = table.split_once('\n').expect("two lines");
        assert_eq!(header, "kind,id,text,why");
        row.trim_end_matches('\n').to_owned()
    }

    #[test]
    fn a_text_stays_one_field_whatever_is_in_it() {
        assert_eq!(row("call me"), "contact,7,call me,unreadable");
        assert_eq!(row("a \"b\", c\nd"), "contact,7,\"a \"\"b\"\", c\nd\",unreadable");
    }

    #[test]
    fn no_spreadsheet_takes_a_text_for_a_formula() {
        for text in ["=HYPERLINK(\"x\")", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\u{ff1d}1"] {
            let row = row(text);
            let field = row.strip_prefix("contact,7,").expect("a row").trim_start_matches('"');
            assert!(field.starts_with('\''), "{row}");
        }
    }
}
