//! Where requests may go.

use url::{Host, Url};

/// The places that requests may go to: what the configuration names, by origin, and hosts under a vendor's own domain
/// where the vendor itself says which one to use.
///
/// An empty list allows nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hosts {
    origins: Vec<String>,
    domains: Vec<&'static str>,
}

impl Hosts {
    /// Allows the origin (scheme, host, port) of `url`. Plain http is allowed only this way: somebody wrote it down.
    #[must_use]
    pub fn with_origin_of(mut self, url: &Url) -> Self {
        if let Some(origin) = origin(url) {
            self.origins.push(origin);
        }
        self
    }

    /// Allows every host under `domain` (given without a leading dot), by https on its usual port only.
    #[must_use]
    pub fn with_hosts_under(mut self, domain: &'static str) -> Self {
        self.domains.push(domain);
        self
    }

    /// Whether a request may go to `url`. A user name or password in it is never allowed: it would be sent along.
    #[must_use]
    pub fn allow(&self, url: &Url) -> bool {
        if !url.username().is_empty() || url.password().is_some() {
            return false;
        }
        origin(url).is_some_and(|origin| self.origins.contains(&origin))
            || self.domains.iter().any(|domain| is_under(url, domain))
    }
}

fn origin(url: &Url) -> Option<String> {
    let origin = url.origin();
    (matches!(url.scheme(), "http" | "https") && origin.is_tuple()).then(|| origin.ascii_serialization())
}

fn is_under(url: &Url, domain: &str) -> bool {
    let Some(Host::Domain(host)) = url.host() else { return false };
    let label = host.strip_suffix(domain).and_then(|rest| rest.strip_suffix('.'));
    url.scheme() == "https" && url.port().is_none() && label.is_some_and(|label| !label.is_empty())
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::Hosts;

    fn allows(hosts: &Hosts, url: &str) -> bool {
        hosts.allow(&Url::parse(url).expect(url))
    }

    #[test]
    fn an_empty_list_allows_nothing() {
        assert!(!allows(&Hosts::default(), "https://acme.pipedrive.com/"));
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let hosts = Hosts::default().with_origin_of(&Url::parse("http://127.0.0.1:8090/x").expect("url"));
        assert!(allows(&hosts, "http://127.0.0.1:8090/api/v2/persons?limit=1"));
        for other in ["http://127.0.0.1:8091/", "https://127.0.0.1:8090/", "http://127.0.0.2:8090/"] {
            assert!(!allows(&hosts, other), "{other}");
        }
    }

    #[test]
    fn a_domain_allows_its_hosts_by_https_on_the_usual_port_only() {
        let hosts = Hosts::default().with_hosts_under("pipedrive.com");
        assert!(allows(&hosts, "https://acme.pipedrive.com/v1/users"));
        assert!(allows(&hosts, "https://ACME.Pipedrive.com:443/"));
        for other in [
            "http://acme.pipedrive.com/",
            "https://acme.pipedrive.com:8443/",
            "https://pipedrive.com/",
            "https://.pipedrive.com/",
            "https://evilpipedrive.com/",
            "https://acme.pipedrive.com.evil.example/",
            "https://10.0.0.1/",
            "https://acme.pipedrive.com@evil.example/",
            "https://user@acme.pipedrive.com/",
            "ftp://acme.pipedrive.com/",
        ] {
            assert!(Url::parse(other).is_err() || !allows(&hosts, other), "{other}");
        }
    }
}
