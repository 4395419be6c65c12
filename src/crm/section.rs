//! Reading a `[crm]` section: what the adapters' settings have in common.
//!
//! Every function notes what is wrong among the problems and goes on, so that all of a section is told at once.

use url::{Host, Url};

use crate::base::{
    problem::{Placed, Problem},
    secret::Secret,
};
use crate::config::CrmSection;
use crate::crm::token::{ClientProof, Grant, GrantKind};

/// An address that secrets may be sent to: https, or http on this machine; no user, no query.
pub(super) fn address(
    key: &str,
    placed: &Placed<String>,
    section: &CrmSection,
    problems: &mut Vec<Problem>,
) -> Option<Url> {
    let mut refuse = |reason: String| {
        problems.push(Problem::new(&section.file, placed.row, format!("{key}: {reason}")));
        None
    };
    let url = match Url::parse(placed.value.trim()) {
        Ok(url) if url.has_host() => url,
        Ok(_) => return refuse("expected an https address, found one without a host".to_owned()),
        Err(error) => return refuse(format!("expected an https address, found none ({error})")),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("expected an address without a user or password, found one with".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse("expected an address without a query, found one with".to_owned());
    }
    match url.scheme() {
        "https" => Some(url),
        "http" if is_loopback(&url) => Some(url),
        scheme => refuse(format!("expected https (http for this machine only), found {scheme}")),
    }
}

/// As [`address`], without a path.
pub(super) fn origin(
    key: &str,
    placed: &Placed<String>,
    section: &CrmSection,
    problems: &mut Vec<Problem>,
) -> Option<Url> {
    let url = address(key, placed, section, problems)?;
    if !matches!(url.path(), "" | "/") {
        let reason = format!("{key}: expected an address without a path, found the path {}", url.path());
        problems.push(Problem::new(&section.file, placed.row, reason));
        return None;
    }
    Some(url)
}

/// Whether an address is this machine's.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Whether a secret can be sent in a header.
pub(super) fn filled(key: &str, placed: &Placed<Secret>, section: &CrmSection, problems: &mut Vec<Problem>) -> bool {
    let text = placed.value.expose();
    let sendable = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !sendable {
        let reason = format!("{key}: expected visible characters without spaces, found others or nothing");
        problems.push(Problem::new(&section.file, placed.row, reason));
    }
    sendable
}

/// Refuses keys that this CRM has no use for: read and ignored they would look as if they worked.
pub(super) fn nothing_else(section: &CrmSection, used: &[&str], problems: &mut Vec<Problem>) {
    let row = |placed: Option<&Placed<String>>| placed.map(|placed| placed.row);
    let secret = |placed: Option<&Placed<Secret>>| placed.map(|placed| placed.row);
    let given = [
        ("base_url", row(section.base_url.as_ref())),
        ("auth_url", row(section.auth_url.as_ref())),
        ("token", secret(section.token.as_ref())),
        ("client_id", row(section.client_id.as_ref())),
        ("client_secret", secret(section.client_secret.as_ref())),
        ("refresh_token", secret(section.refresh_token.as_ref())),
        ("data_center", row(section.data_center.as_ref())),
        ("org_id", row(section.org_id.as_ref())),
        ("tenant", row(section.tenant.as_ref())),
        ("app_id", row(section.app_id.as_ref())),
        ("system_user", row(section.system_user.as_ref())),
    ];
    for (key, row) in given {
        if let Some(row) = row.filter(|_| !used.contains(&key)) {
            let reason =
                format!("crm.{key}: expected nothing, since {} has no use for it, found one", section.kind.value);
            problems.push(Problem::new(&section.file, row, reason));
        }
    }
}

/// `crm.card_base_url`: below which the CRM's own pages are.
pub(super) fn card_base(section: &CrmSection, problems: &mut Vec<Problem>) -> Option<Url> {
    address("crm.card_base_url", section.card_base_url.as_ref()?, section, problems)
}

/// The address of these segments below `base`.
pub(super) fn below(base: &Url, segments: &[&str]) -> Option<Url> {
    let mut url = base.clone();
    url.path_segments_mut().ok()?.pop_if_empty().extend(segments);
    Some(url)
}

/// `crm.org_id` where it only says which projects are of one account.
pub(super) fn organisation(section: &CrmSection, problems: &mut Vec<Problem>) -> Option<String> {
    let placed = section.org_id.as_ref()?;
    let text = placed.value.trim();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        let reason = "crm.org_id: expected the account's number, found something else";
        problems.push(Problem::new(&section.file, placed.row, reason));
        return None;
    }
    Some(text.to_owned())
}

/// The client's id and secret and the refresh token, all three. `row` is where the first of them stands.
pub(super) fn refreshed(
    section: &CrmSection,
    row: usize,
    proof: ClientProof,
    url: Url,
    problems: &mut Vec<Problem>,
) -> Option<Grant> {
    missing(section, row, problems);
    let refresh = section.refresh_token.as_ref()?;
    let whole = filled("crm.refresh_token", refresh, section, problems);
    let grant = client(section, proof, url, GrantKind::Refresh(refresh.value.clone()), problems)?;
    whole.then_some(grant)
}

fn missing(section: &CrmSection, row: usize, problems: &mut Vec<Problem>) {
    let missing = [
        ("crm.client_id", section.client_id.is_none()),
        ("crm.client_secret", section.client_secret.is_none()),
        ("crm.refresh_token", section.refresh_token.is_none()),
    ];
    for (key, _) in missing.into_iter().filter(|&(_, missing)| missing) {
        let reason = format!("{key}: expected a value, found none; OAuth takes all three of its keys");
        problems.push(Problem::new(&section.file, row, reason));
    }
}

/// A grant with the section's client. Says nothing where its id or secret is not there at all.
pub(super) fn client(
    section: &CrmSection,
    proof: ClientProof,
    url: Url,
    kind: GrantKind,
    problems: &mut Vec<Problem>,
) -> Option<Grant> {
    let (id, secret) = (section.client_id.as_ref()?, section.client_secret.as_ref()?);
    let mut whole = filled("crm.client_secret", secret, section, problems);
    if id.value.trim().is_empty() || id.value.contains(':') {
        let reason = "crm.client_id: expected an id without a colon, found an empty one or one with";
        problems.push(Problem::new(&section.file, id.row, reason));
        whole = false;
    }
    whole.then(|| Grant {
        url,
        client_id: id.value.trim().to_owned(),
        client_secret: secret.value.clone(),
        proof,
        kind,
    })
}

/// Where tokens are had: the vendor's own address, or `crm.auth_url`, which may be a bare host: `path` is meant then.
pub(super) fn token_url(section: &CrmSection, vendor: &str, path: &str, problems: &mut Vec<Problem>) -> Option<Url> {
    let Some(placed) = &section.auth_url else { return Url::parse(vendor).ok() };
    let mut url = address("crm.auth_url", placed, section, problems)?;
    if matches!(url.path(), "" | "/") {
        url.set_path(path);
    }
    Some(url)
}

/// The row of the first of the OAuth keys that is given.
pub(super) fn oauth_row(section: &CrmSection) -> Option<usize> {
    let rows = [
        section.client_id.as_ref().map(|id| id.row),
        section.client_secret.as_ref().map(|secret| secret.row),
        section.refresh_token.as_ref().map(|token| token.row),
    ];
    rows.into_iter().flatten().min()
}
