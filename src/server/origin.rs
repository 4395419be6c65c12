//! Whose address counts: the peer's, or what a trusted proxy says of it.

use std::net::{IpAddr, SocketAddr};

use hyper::HeaderMap;
use ipnet::IpNet;

/// The header proxies write.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address a request comes from.
///
/// From a peer that is a trusted proxy, `X-Forwarded-For` is read from its end: the first address that is not a trusted
/// proxy's is the client's, for whatever stands before it was written by the client itself. If all are trusted, the
/// first one is. Without the header the peer asked on its own behalf.
///
/// `None` where that hop is no address: nobody can say who asked.
pub(super) fn origin(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Option<IpAddr> {
    let mut nearest = peer.to_canonical();
    if !holds(trusted, nearest) {
        return Some(nearest);
    }
    for line in headers.get_all(FORWARDED_FOR).iter().rev() {
        for hop in line.to_str().ok()?.rsplit(',') {
            nearest = address(hop.trim())?;
            if !holds(trusted, nearest) {
                return Some(nearest);
            }
        }
    }
    Some(nearest)
}

/// Whether one of `nets` holds the address.
pub(super) fn holds(nets: &[IpNet], address: IpAddr) -> bool {
    nets.iter().any(|net| net.contains(&address))
}

/// An address as proxies write it: bare, in brackets, with a port.
fn address(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(hop);
    let address = bare.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|socket| socket.ip()))?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use hyper::{HeaderMap, header::HeaderValue};
    use ipnet::IpNet;

    use super::{FORWARDED_FOR, origin};

    fn asked(peer: &str, forwarded: &[&str]) -> Option<IpAddr> {
        let trusted: Vec<IpNet> = ["10.0.0.0/8", "fd00::/8"].map(|net| net.parse().expect(net)).to_vec();
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED_FOR, HeaderValue::from_str(line).expect("a header"));
        }
        origin(peer.parse().expect(peer), &headers, &trusted)
    }

    fn ip(text: &str) -> Option<IpAddr> {
        Some(text.parse().expect(text))
    }

    #[test]
    fn a_stranger_cannot_say_who_it_is() {
        assert_eq!(asked("198.51.100.7", &["203.0.113.9"]), ip("198.51.100.7"));
    }

    #[test]
    fn behind_a_trusted_proxy_the_last_untrusted_hop_counts() {
        assert_eq!(asked("10.0.0.1", &["203.0.113.9"]), ip("203.0.113.9"));
        assert_eq!(asked("10.0.0.1", &["192.0.2.1, 203.0.113.9, 10.0.0.2"]), ip("203.0.113.9"));
        assert_eq!(asked("10.0.0.1", &["192.0.2.1", "203.0.113.9,10.0.0.2", "10.0.0.3"]), ip("203.0.113.9"));
        assert_eq!(asked("fd00::1", &["[2001:db8::5]:4711"]), ip("2001:db8::5"));
        assert_eq!(asked("::ffff:10.0.0.1", &["203.0.113.9:80"]), ip("203.0.113.9"));
    }

    #[test]
    fn a_proxy_that_names_nobody_asked_itself() {
        assert_eq!(asked("10.0.0.1", &[]), ip("10.0.0.1"));
        assert_eq!(asked("10.0.0.1", &["10.9.9.9, 10.0.0.2"]), ip("10.9.9.9"));
    }

    #[test]
    fn a_hop_that_is_no_address_is_nobody() {
        for line in ["unknown", "", "203.0.113.9, _hidden", "203.0.113.999"] {
            assert_eq!(asked("10.0.0.1", &[line]), None, "{line}");
        }
    }
}
