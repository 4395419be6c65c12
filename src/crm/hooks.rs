//! Webhooks: how a vendor is asked to say that something changed, and what its deliveries say.
//!
//! A delivery is a hint and nothing more. One vendor of five signs the body; the others repeat a secret, or sign only
//! that it was they who called. So whatever a delivery says, the records it names are read again, and a sweep still
//! comes: deliveries are lost, doubled, and overtaken.

use std::time::Duration;

use async_trait::async_trait;
use http::{HeaderMap, Method};
use url::Url;

use crate::base::secret::Secret;
use crate::crm::failure::Failure;
use crate::model::{client::Kind, ids::CrmId};

/// Where a vendor is told to deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookTarget {
    /// The public address of the project's door, `https://…/{project}/crm-changes`, without a query.
    pub url: Url,
    /// What opens that door: the project's token for changes. It travels as the vendor allows: `?token=`, Basic.
    pub token: Secret,
}

impl HookTarget {
    /// The door of a project of this service, which the outside reaches at `public_url`: under its path, where it has one.
    #[must_use]
    pub fn of(public_url: &Url, project: &str, token: Secret) -> Self {
        let mut url = public_url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(project).push("crm-changes");
        }
        Self { url, token }
    }

    /// The address with the token in its query, for vendors that can send nothing else.
    #[must_use]
    pub fn url_with_token(&self) -> Url {
        let mut url = self.url.clone();
        url.query_pairs_mut().append_pair("token", self.token.expose());
        url
    }
}

/// A request at `/{project}/crm-changes`, whose token has been found right.
#[derive(Debug)]
pub struct Delivery<'a> {
    /// How it was sent.
    pub method: &'a Method,
    /// Path and query as they came.
    pub target: &'a str,
    /// The headers as they came.
    pub headers: &'a HeaderMap,
    /// The whole body, at most 1 MiB.
    pub body: &'a [u8],
}

/// What a delivery says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// The vendor looks whether somebody is there.
    Probe,
    /// Something changed; nothing that a look-up needs where the list is empty.
    Changes(Vec<Hint>),
}

/// What changed, to be read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Hint {
    /// A record was made, changed, deleted, or merged.
    Record(Kind, CrmId),
    /// The CRM's users changed.
    Users,
    /// More than the delivery can name: whatever changed lately.
    Sweep,
}

/// Why a delivery is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unheard {
    /// It does not come from the vendor, as far as that can be told.
    #[error("expected a delivery that the CRM vouches for, found {found}")]
    NotGenuine {
        /// What is wrong with it.
        found: String,
    },
    /// It comes from the vendor and cannot be read.
    #[error("expected a delivery in the CRM's form, found {found}")]
    Unreadable {
        /// What came.
        found: String,
    },
}

/// How the vendor's side stands after it was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Subscriptions or channels that stand.
    pub standing: usize,
    /// When to look again at the latest: before the first of them ends.
    pub again: Duration,
    /// What an operator has to do by hand, where this vendor lets nobody else do it.
    pub by_hand: Option<String>,
}

/// Keeps a vendor's webhooks pointed at us, and understands what they deliver.
#[async_trait]
pub trait Hooks: Send + Sync {
    /// Registers what is missing, renews what would end, and takes away nothing that is not ours. May be repeated at any
    /// time: what stands already is left as it is.
    async fn keep(&self) -> Result<Kept, Failure>;
    /// What a delivery says, verified as far as this vendor allows. May fetch the vendor's public keys; asks nothing else.
    async fn hear(&self, delivery: &Delivery<'_>) -> Result<Heard, Unheard>;
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::HookTarget;
    use crate::base::secret::Secret;

    #[test]
    fn the_door_lies_under_the_public_address_and_its_token_is_not_printed() {
        for (public, door) in [
            ("https://predial.example", "https://predial.example/acme/crm-changes"),
            ("https://acme.example/in/", "https://acme.example/in/acme/crm-changes"),
            ("https://acme.example:8443/in", "https://acme.example:8443/in/acme/crm-changes"),
        ] {
            let target = HookTarget::of(&Url::parse(public).expect(public), "acme", Secret::new("s3cret&+"));
            assert_eq!(target.url.as_str(), door);
            assert_eq!(target.url_with_token().as_str(), format!("{door}?token=s3cret%26%2B"));
            assert!(!format!("{target:?}").contains("s3cret"), "{target:?}");
        }
    }
}
