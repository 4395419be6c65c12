//! What the telephone system knows of a visitor and sends with the form.

use crate::model::{call::Utm, call::says_something, form::Form};

/// A value of the telephone system's, and not of the form itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Variable {
    /// `utm_source`
    UtmSource,
    /// `utm_medium`
    UtmMedium,
    /// `utm_campaign`
    UtmCampaign,
    /// `utm_term`
    UtmTerm,
    /// `utm_content`
    UtmContent,
    /// The visitor's id at the site's counter.
    ClientId,
    /// The address that the visitor came from.
    Referrer,
    /// The first page of the site that they saw.
    Landing,
    /// The page with the form.
    Page,
    /// Their network address.
    Ip,
    /// Their browser.
    UserAgent,
}

impl Variable {
    /// Every variable, its word in the configuration, and the names it is sent under, the preferred one first.
    ///
    /// # Source
    /// Names as events and call lists have them; with which a form comes is not confirmed.
    pub const ALL: [(Self, &str, &[&str]); 11] = [
        (Self::UtmSource, "utm_source", &["utm_source"]),
        (Self::UtmMedium, "utm_medium", &["utm_medium"]),
        (Self::UtmCampaign, "utm_campaign", &["utm_campaign"]),
        (Self::UtmTerm, "utm_term", &["utm_term"]),
        (Self::UtmContent, "utm_content", &["utm_content"]),
        (Self::ClientId, "client_id", &["client_id", "clientid", "google_client_id", "_ga", "cid"]),
        (Self::Referrer, "referrer", &["refferrer", "referrer", "referer"]),
        (Self::Landing, "landing", &["landing", "landing_page"]),
        (Self::Page, "page", &["page", "page_url", "last_page", "url"]),
        (Self::Ip, "ip", &["remote_ip", "client_ip", "ip"]),
        (Self::UserAgent, "user_agent", &["user_agent", "client_user_agent"]),
    ];

    /// The word in the configuration.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(variable, ..)| *variable == self).map_or("", |(_, word, _)| word)
    }

    /// The names it is sent under.
    #[must_use]
    pub fn names(self) -> &'static [&'static str] {
        Self::ALL.iter().find(|(variable, ..)| *variable == self).map_or(&[], |(.., names)| names)
    }

    /// What a form says of it; the counters' words for *nothing* say nothing.
    #[must_use]
    pub fn told_by(self, form: &Form) -> Option<&str> {
        self.names().iter().flat_map(|name| form.values(name)).map(str::trim).find(|value| says_something(value))
    }
}

/// Where the visitor came from.
pub(super) fn utm(form: &Form) -> Utm {
    let told = |variable: Variable| variable.told_by(form).map(|told| super::mapping::shortened(told).to_owned());
    Utm {
        source: told(Variable::UtmSource),
        medium: told(Variable::UtmMedium),
        campaign: told(Variable::UtmCampaign),
        term: told(Variable::UtmTerm),
        content: told(Variable::UtmContent),
    }
}
