//! Addresses: https, or plain http to this machine.

use url::{Host, Url};

use crate::base::problem::Placed;
use crate::config::section::Section;

impl Section<'_> {
    /// An address that secrets may be sent to, without a user, a password, a query or a fragment.
    pub(super) fn address(&self, key: &'static str) -> Option<Placed<Url>> {
        let text = self.text(key)?;
        match checked(text.value.trim()) {
            Ok(url) => Some(Placed::new(url, text.row)),
            Err((expected, found)) => {
                self.wrong(key, expected, found);
                None
            }
        }
    }
}

/// What was expected, and what was found. Never the address itself: a password may stand in it.
type Complaint = (&'static str, String);

fn checked(text: &str) -> Result<Url, Complaint> {
    let url = Url::parse(text).map_err(|error| ("an https address", format!("none ({error})")))?;
    if !url.has_host() {
        return Err(("an https address", "one without a host".to_owned()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(("an address without a user or password", "one with".to_owned()));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(("an address without a query", "one with".to_owned()));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        scheme => Err(("https (http for this machine only)", scheme.to_owned())),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::checked;

    #[test]
    fn https_anywhere_and_http_on_this_machine_only() {
        for good in
            ["https://predial.acme.example", "https://acme.example:8443/in", "http://127.0.0.1:9", "http://[::1]/"]
        {
            assert!(checked(good).is_ok(), "{good}");
        }
        for bad in [
            "predial.acme.example",
            "http://predial.acme.example",
            "http://127.0.0.1.acme.example",
            "ftp://127.0.0.1",
            "https://user:s3cret@acme.example",
            "https://acme.example?token=s3cret",
            "https://acme.example#part",
            "mailto:anna@acme.example",
        ] {
            let (expected, found) = checked(bad).expect_err(bad);
            assert!(!format!("{expected} {found}").contains("s3cret"), "{bad}");
        }
    }
}
