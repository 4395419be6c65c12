//! A form, as far as it is understood when it comes: told apart from others, and put into its client's lane.

use bytes::Bytes;
use futures_util::stream;
use multer::{Constraints, Multipart, SizeLimit};

use super::Telling;
use crate::journal::planner::{lane_of_form, ways};
use crate::model::form::Form;
use crate::project::Project;
use crate::telephony::{
    Incoming,
    ringostat::form::{self, Part},
};

/// How long the same fields are the same form: a visitor who clicks twice, a site that sends again.
pub(super) const SAME_WITHIN_MS: i64 = 600_000;
/// Parts of a body, at most: fields as a form may have, and one more, which is refused.
const MOST_PARTS: usize = 1_001;

/// A form, read.
pub(super) struct Read {
    pub(super) identity: String,
    pub(super) lane: Option<String>,
    /// As the journal keeps it.
    pub(super) facts: String,
}

/// Reads a form.
///
/// # Errors
/// Why it could not be understood.
pub(super) async fn read(project: &Project, telling: &Telling) -> Result<Read, String> {
    let parts = parts(telling.content_type.as_deref(), &telling.body).await?;
    let incoming = Incoming {
        query: telling.query.as_deref(),
        content_type: telling.content_type.as_deref(),
        body: &telling.body,
    };
    let form: Form = form::decode(&incoming, parts, project.form_charset).map_err(|error| error.to_string())?;
    let facts = serde_json::to_string(&form).map_err(|error| format!("expected a form, found none: {error}"))?;
    let lane = ways(project, &project.forms.visitor(&form)).as_ref().and_then(lane_of_form);
    Ok(Read { identity: form::identity(&form), lane, facts })
}

/// The parts of a multipart body; `None` of any other.
async fn parts(content_type: Option<&str>, body: &Bytes) -> Result<Option<Vec<Part>>, String> {
    let Some(content_type) = content_type.filter(|typed| is_multipart(typed)) else { return Ok(None) };
    let unreadable = |error: multer::Error| format!("expected the parts of a form, found otherwise: {error}");
    let boundary = multer::parse_boundary(content_type).map_err(unreadable)?;
    let whole = stream::iter([Ok::<_, std::io::Error>(body.clone())]);
    let most = SizeLimit::new().whole_stream(body.len() as u64);
    let mut multipart = Multipart::with_constraints(whole, boundary, Constraints::new().size_limit(most));
    let mut parts = Vec::new();
    while let Some(field) = multipart.next_field().await.map_err(unreadable)? {
        let name = field.name().unwrap_or_default().to_owned();
        // Of a file what it is called; what is in it is no field's value.
        let file = field.file_name().map(|file| file.as_bytes().to_vec());
        let value = field.bytes().await.map_err(unreadable)?;
        if parts.len() < MOST_PARTS {
            parts.push(Part { name, value: file.unwrap_or_else(|| value.to_vec()) });
        }
    }
    Ok(Some(parts))
}

fn is_multipart(content_type: &str) -> bool {
    let family = content_type.split(';').next().unwrap_or_default().trim();
    family.eq_ignore_ascii_case("multipart/form-data")
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::parts;

    const TYPE: &str = "multipart/form-data; boundary=x";

    fn body(parts: &[(&str, &str)]) -> Bytes {
        let part =
            |(head, value): &(&str, &str)| format!("--x\r\nContent-Disposition: form-data; {head}\r\n\r\n{value}\r\n");
        format!("{}--x--\r\n", parts.iter().map(part).collect::<String>()).into()
    }

    #[tokio::test]
    async fn parts_are_read_and_of_a_file_what_it_is_called() {
        let body = body(&[("name=\"tel\"", "+380 67"), ("name=\"cv\"; filename=\"anna.pdf\"", "%PDF")]);
        let parts = parts(Some(TYPE), &body).await.expect("parts").expect("a multipart body");
        let read: Vec<_> = parts.iter().map(|part| (part.name.as_str(), part.value.as_slice())).collect();
        assert_eq!(read, [("tel", &b"+380 67"[..]), ("cv", b"anna.pdf")]);
    }

    #[tokio::test]
    async fn a_body_of_another_type_has_none_and_a_torn_one_is_refused_with_a_reason() {
        assert_eq!(parts(Some("application/json"), &Bytes::from_static(b"{}")).await, Ok(None));
        assert_eq!(parts(None, &Bytes::new()).await, Ok(None));
        let whole = body(&[("name=\"tel\"", "067")]);
        for (typed, body) in [("multipart/form-data", whole.clone()), (TYPE, whole.slice(..whole.len() - 10))] {
            let reason = parts(Some(typed), &body).await.expect_err("no form");
            assert!(reason.starts_with("expected"), "{reason}");
        }
    }
}
