//! The token of a request: in the query, as a bearer, or as the password of Basic.

use base64::{Engine, engine::general_purpose::STANDARD};
use hyper::{
    header::{AUTHORIZATION, HeaderMap},
    http::HeaderValue,
};

use crate::base::secret::Seal;
use crate::telephony::ringostat::token_of_query;

/// Room for a decoded `user:password`; what is longer is nobody's token.
const BASIC_BYTES: usize = 768;

/// Whether the request carries the secret of `seal`, in any of the three places.
///
/// What is done depends on what was sent alone, not on the secret: each place that carries something is digested and
/// compared in constant time, and a request that carries nothing is compared with nothing. Two Authorization headers
/// open nothing, not even alike: whoever stands between may have looked at the other one.
///
/// # Cost
/// One SHA-256 per token sent; allocates for an escaped one in the query only.
pub(super) fn open(seal: &Seal, query: Option<&str>, headers: &HeaderMap) -> bool {
    let in_query = query.and_then(token_of_query);
    let by_query = in_query.as_deref().is_some_and(|token| seal.opens(token.as_bytes()));
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let by_header = match (values.next(), values.next()) {
        (Some(value), None) => opens_by_header(seal, value),
        _ => false,
    };
    by_query | by_header
}

fn opens_by_header(seal: &Seal, value: &HeaderValue) -> bool {
    let Some((scheme, presented)) = value.to_str().ok().and_then(|text| text.split_once(' ')) else { return false };
    let presented = presented.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return seal.opens(presented.as_bytes());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return false;
    }
    let mut room = [0; BASIC_BYTES];
    let decoded = STANDARD.decode_slice(presented, &mut room).ok().map(|length| &room[..length]);
    let password = decoded.and_then(|pair| Some(&pair[pair.iter().position(|&byte| byte == b':')? + 1..]));
    password.is_some_and(|password| seal.opens(password))
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use hyper::header::{AUTHORIZATION, HeaderMap};

    use super::open;
    use crate::base::secret::Secret;

    fn opens(query: Option<&str>, authorization: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        if let Some(value) = authorization {
            headers.insert(AUTHORIZATION, value.parse().expect("a header"));
        }
        open(&Secret::new("s3:cret+").seal(), query, &headers)
    }

    fn basic(pair: &str) -> String {
        format!("Basic {}", STANDARD.encode(pair))
    }

    #[test]
    fn the_token_is_accepted_in_each_of_its_places() {
        assert!(opens(Some("token=s3%3Acret%2B&caller=1"), None));
        assert!(opens(Some("caller=1&token=s3:cret%2B"), None));
        assert!(opens(None, Some("Bearer s3:cret+")));
        assert!(opens(None, Some("bearer  s3:cret+")));
        assert!(opens(None, Some(&basic("ringostat:s3:cret+"))));
        assert!(opens(None, Some(&basic(":s3:cret+"))));
    }

    #[test]
    fn two_authorizations_open_nothing() {
        let seal = Secret::new("s3:cret+").seal();
        for pair in [["Bearer x", "Bearer s3:cret+"], ["Bearer s3:cret+", "Bearer x"], ["Bearer s3:cret+"; 2]] {
            let mut headers = HeaderMap::new();
            for value in pair {
                headers.append(AUTHORIZATION, value.parse().expect("a header"));
            }
            assert!(!open(&seal, None, &headers), "{pair:?}");
            assert!(open(&seal, Some("token=s3:cret%2B"), &headers), "{pair:?}");
        }
    }

    #[test]
    fn anything_else_is_not() {
        assert!(!opens(None, None));
        assert!(!opens(Some("token="), None));
        assert!(!opens(Some("token=s3:cret"), Some("Bearer s3:cret")));
        assert!(!opens(None, Some("s3:cret+")));
        assert!(!opens(None, Some("Digest s3:cret+")));
        assert!(!opens(None, Some(&basic("s3"))));
        assert!(!opens(None, Some("Basic ~~~")));
        assert!(!opens(None, Some(&basic(&"x".repeat(4096)))));
    }
}
