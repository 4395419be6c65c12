//! The signature of deliveries: a JSON web token in a header, and the public keys it is checked with.
//!
//! The body is not signed: that is the vendor's way. The two keys lie beside this file, were made for it, and sign nothing
//! else.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use serde_json::{Value, json};

const KEYS: [(&str, &[u8]); 2] =
    [("sandbox-1", include_bytes!("signing-key.der")), ("sandbox-2", include_bytes!("signing-key-next.der"))];

/// The unit of `exp` and `iat`: the vendor's text says milliseconds, its example shows seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClaimUnit {
    /// What the text says.
    #[default]
    Milliseconds,
    /// What the example shows.
    Seconds,
}

/// Signs deliveries with one key at a time.
#[derive(Debug)]
pub(super) struct Signer {
    keys: Vec<(&'static str, RsaKeyPair)>,
    /// Which of them signs; those before it are no longer published.
    current: usize,
    pub(super) unit: ClaimUnit,
}

/// A delivery's claims.
#[derive(Debug, Clone, Copy)]
pub(super) struct Claims {
    pub(super) org_id: u64,
    pub(super) webhook_id: u64,
    pub(super) now_s: i64,
}

/// How long a token is good for.
const LIFE_S: i64 = 300;

impl Signer {
    pub(super) fn new() -> Self {
        let key = |(kid, der): (&'static str, &[u8])| match RsaKeyPair::from_der(der) {
            Ok(pair) => Some((kid, pair)),
            Err(problem) => {
                tracing::error!(%problem, kid, "a signing key could not be read");
                None
            }
        };
        Self { keys: KEYS.into_iter().filter_map(key).collect(), current: 0, unit: ClaimUnit::default() }
    }

    /// From now on another key signs.
    pub(super) fn rotate(&mut self) {
        self.current = (self.current + 1) % self.keys.len().max(1);
    }

    /// `GET /.well-known/jwks.json`: the key that signs now, only.
    pub(super) fn jwks(&self) -> Value {
        let key = self.keys.get(self.current).map(|(kid, pair)| {
            let public: PublicKeyComponents<Vec<u8>> = pair.public().into();
            json!({
                "kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid,
                "n": URL_SAFE_NO_PAD.encode(public.n), "e": URL_SAFE_NO_PAD.encode(public.e),
            })
        });
        json!({"keys": key.into_iter().collect::<Vec<_>>()})
    }

    /// The header's value.
    pub(super) fn token(&self, claims: Claims) -> Option<String> {
        let (kid, pair) = self.keys.get(self.current)?;
        let of = |seconds: i64| match self.unit {
            ClaimUnit::Milliseconds => seconds * 1_000,
            ClaimUnit::Seconds => seconds,
        };
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": kid});
        let claims = json!({
            "iss": format!("orgId:{}", claims.org_id), "aud": format!("webhookId:{}", claims.webhook_id),
            "iat": of(claims.now_s), "exp": of(claims.now_s + LIFE_S),
        });
        let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(header), encode(claims));
        let mut signature = vec![0; pair.public().modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).ok()?;
        Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use ring::{
        rsa::KeyPair,
        signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents},
    };

    use super::{Claims, KEYS, Signer};

    #[test]
    fn a_token_is_signed_by_the_key_that_is_published() {
        KEYS.iter().for_each(|(kid, der)| drop(KeyPair::from_der(der).expect(kid)));
        let mut signer = Signer::new();
        let claims = Claims { org_id: 7, webhook_id: 8, now_s: 1_800_000_000 };
        for kid in ["sandbox-1", "sandbox-2"] {
            let token = signer.token(claims).expect("a token");
            let (signed, signature) = token.rsplit_once('.').expect("three parts");
            let key = &signer.jwks()["keys"][0];
            assert_eq!(key["kid"], kid);
            let part = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().expect(name)).expect(name);
            let public = RsaPublicKeyComponents { n: part("n"), e: part("e") };
            let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64");
            assert!(public.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature).is_ok(), "{kid}");
            signer.rotate();
        }
    }
}
