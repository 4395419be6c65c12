//! A request and a reply in words of our own, so that adapters do not depend on the client.

use std::fmt;

use bytes::Bytes;
use url::Url;

use crate::base::secret::Secret;

/// What is done with the resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates, asks a question that does not fit a query, or asks for a token.
    Post,
    /// Puts in the place of what was.
    Put,
    /// Changes.
    Patch,
    /// Takes away.
    Delete,
}

impl Method {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// One request.
#[derive(Clone)]
pub struct Request {
    /// What is done.
    pub method: Method,
    /// With what; its query is never printed, it may hold a number.
    pub url: Url,
    /// Name and value. Values are never printed, whether they are secret or not.
    pub headers: Vec<(&'static str, Secret)>,
    /// Empty for none.
    pub body: Bytes,
}

impl Request {
    /// Reads `url`.
    #[must_use]
    pub const fn get(url: Url) -> Self {
        Self { method: Method::Get, url, headers: Vec::new(), body: Bytes::new() }
    }

    /// Sends a form, `application/x-www-form-urlencoded`.
    #[must_use]
    pub fn form(url: Url, fields: &[(&str, &str)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let kind = ("content-type", Secret::new("application/x-www-form-urlencoded"));
        Self { method: Method::Post, url, headers: vec![kind], body: body.into() }
    }

    /// Sends JSON with any method.
    #[must_use]
    pub fn json(method: Method, url: Url, body: &serde_json::Value) -> Self {
        let kind = ("content-type", Secret::new("application/json"));
        Self { method, url, headers: vec![kind], body: body.to_string().into() }
    }

    /// Uploads one file, `multipart/form-data` with a single part.
    ///
    /// # Cost
    /// A copy of the file, and one look through it for a line that does not occur in it.
    #[must_use]
    pub fn multipart(url: Url, file: &FilePart) -> Self {
        let boundary = boundary_of(&file.bytes);
        let FilePart { name, file_name, media_type, bytes } = file;
        let (name, file_name, media_type) = (quotable(name), quotable(file_name), quotable(media_type));
        let head = format!(
            "--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"\r\n\
             content-type: {media_type}\r\n\r\n"
        );
        let end = format!("\r\n--{boundary}--\r\n");
        let body = Bytes::from([head.as_bytes(), bytes, end.as_bytes()].concat());
        let kind = Secret::new(format!("multipart/form-data; boundary={boundary}"));
        Self { method: Method::Post, url, headers: vec![("content-type", kind)], body }
    }

    /// Takes `url` away.
    #[must_use]
    pub const fn delete(url: Url) -> Self {
        Self { method: Method::Delete, url, headers: Vec::new(), body: Bytes::new() }
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: Secret) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// A file that is uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePart {
    /// The form's name for it.
    pub name: &'static str,
    /// What it is called.
    pub file_name: String,
    /// Its media type, `audio/ogg`.
    pub media_type: String,
    /// Its content.
    pub bytes: Bytes,
}

/// A line that does not occur in these bytes, the same for the same bytes.
fn boundary_of(bytes: &[u8]) -> String {
    let occurs = |line: &[u8]| bytes.windows(line.len()).any(|piece| piece == line);
    let mut number = 0_u64;
    loop {
        let line = format!("predial-{number:016x}");
        if !occurs(line.as_bytes()) {
            return line;
        }
        number += 1;
    }
}

/// Text as it may stand between quotes in the head of a part.
fn quotable(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() || matches!(letter, '"' | '\\') { '_' } else { letter }).collect()
}

/// Method, host and path; no query, no header, no body.
impl fmt::Debug for Request {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.method.word(), place(&self.url))
    }
}

/// Scheme, host, port and path of a URL: what may stand in a log.
pub(super) fn place(url: &Url) -> String {
    format!("{}{}", url.origin().ascii_serialization(), url.path())
}

/// What came back. Any status: none is an error here.
#[derive(Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Headers that an adapter may want, names in lower case: `content-type`, `retry-after` and those that begin with
    /// `x-`.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Bytes,
}

impl Reply {
    /// The value of a header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Status and length: bodies hold people's data, headers may hold tokens.
impl fmt::Debug for Reply {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} with {} bytes", self.status, self.body.len())
    }
}

/// The headers worth keeping, of any reply: bounded in number and in length.
pub(super) fn kept<'a>(headers: impl Iterator<Item = (&'a str, &'a [u8])>) -> Vec<(String, String)> {
    const MOST: usize = 32;
    const LONGEST: usize = 1024;
    headers
        .filter(|(name, value)| {
            let wanted = matches!(*name, "content-type" | "retry-after") || name.starts_with("x-");
            wanted && value.len() <= LONGEST
        })
        .filter_map(|(name, value)| Some((name.to_owned(), std::str::from_utf8(value).ok()?.to_owned())))
        .take(MOST)
        .collect()
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::{FilePart, Request, kept};
    use crate::base::secret::Secret;

    #[test]
    fn a_request_prints_neither_its_query_nor_its_headers() {
        let url = Url::parse("https://acme.example/api/v2/itemSearch?term=1112233").expect("url");
        let request = Request::get(url).with_header("x-api-token", Secret::new("t0ken"));
        assert_eq!(format!("{request:?}"), "GET https://acme.example/api/v2/itemSearch");
    }

    #[test]
    fn a_form_escapes_its_fields() {
        let url = Url::parse("https://oauth.example/token").expect("url");
        let request = Request::form(url, &[("grant_type", "refresh_token"), ("refresh_token", "a b&c=é")]);
        assert_eq!(request.body, "grant_type=refresh_token&refresh_token=a+b%26c%3D%C3%A9");
    }

    fn upload(bytes: &'static [u8], file_name: &str) -> (String, String) {
        let url = Url::parse("https://acme.example/v1/callLogs/CA1/recordings").expect("url");
        let (file_name, media_type) = (file_name.to_owned(), "audio/ogg".to_owned());
        let file = FilePart { name: "file", file_name, media_type, bytes: bytes.into() };
        let request = Request::multipart(url, &file);
        let kind = request.headers[0].1.expose().to_owned();
        (kind, String::from_utf8(request.body.to_vec()).expect("text"))
    }

    #[test]
    fn a_file_is_one_part_of_a_form() {
        let (kind, body) = upload(b"OggS", "call.ogg");
        assert_eq!(kind, "multipart/form-data; boundary=predial-0000000000000000");
        let expected = "--predial-0000000000000000\r\n\
            content-disposition: form-data; name=\"file\"; filename=\"call.ogg\"\r\ncontent-type: audio/ogg\r\n\r\n\
            OggS\r\n--predial-0000000000000000--\r\n";
        assert_eq!(body, expected);
    }

    #[test]
    fn no_file_can_end_its_part_and_no_name_its_line() {
        let (kind, body) = upload(b"a\r\n--predial-0000000000000000--\r\n", "a\"\r\nx: y.ogg");
        assert_eq!(kind, "multipart/form-data; boundary=predial-0000000000000001");
        assert!(body.contains("filename=\"a___x: y.ogg\""), "{body}");
    }

    #[test]
    fn of_a_replys_headers_few_are_kept_and_no_cookie() {
        let long = [b'a'; 2000];
        let given: [(&str, &[u8]); 6] = [
            ("content-type", b"application/json"),
            ("set-cookie", b"session=1"),
            ("x-ratelimit-remaining", b"0"),
            ("x-binary", &[0xff]),
            ("x-long", &long),
            ("retry-after", b"2"),
        ];
        let names: Vec<_> = kept(given.into_iter()).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["content-type", "x-ratelimit-remaining", "retry-after"]);
        let many = (0..100).map(|_| ("x-a", b"1".as_slice()));
        assert_eq!(kept(many).len(), 32);
    }
}
