//! Where an account lives: each data centre has hosts of its own, and knows nothing of the others' accounts.

/// A data centre.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DataCenter {
    /// The word of `crm.data_center`.
    pub(super) name: &'static str,
    /// Where tokens are had.
    pub(super) accounts: &'static str,
    /// Where the API is.
    pub(super) api: &'static str,
    /// The domain that the API's hosts are under.
    pub(super) domain: &'static str,
    /// The vendor's own pages.
    pub(super) pages: &'static str,
}

/// Of the vendor's addresses, in the order of [`DataCenter`]'s members.
const fn at(name: &'static str, [accounts, api, domain, pages]: [&'static str; 4]) -> DataCenter {
    DataCenter { name, accounts, api, domain, pages }
}

/// Every data centre.
///
/// # Source
/// The vendor's page on several data centres; the last two are newer than it and follow its pattern.
pub(super) static ALL: [DataCenter; 11] = [
    at("us", ["https://accounts.zoho.com", "https://www.zohoapis.com", "zohoapis.com", "https://crm.zoho.com"]),
    at("eu", ["https://accounts.zoho.eu", "https://www.zohoapis.eu", "zohoapis.eu", "https://crm.zoho.eu"]),
    at("in", ["https://accounts.zoho.in", "https://www.zohoapis.in", "zohoapis.in", "https://crm.zoho.in"]),
    at(
        "au",
        ["https://accounts.zoho.com.au", "https://www.zohoapis.com.au", "zohoapis.com.au", "https://crm.zoho.com.au"],
    ),
    at("jp", ["https://accounts.zoho.jp", "https://www.zohoapis.jp", "zohoapis.jp", "https://crm.zoho.jp"]),
    at("ca", ["https://accounts.zohocloud.ca", "https://www.zohoapis.ca", "zohoapis.ca", "https://crm.zohocloud.ca"]),
    at("sa", ["https://accounts.zoho.sa", "https://www.zohoapis.sa", "zohoapis.sa", "https://crm.zoho.sa"]),
    at("uk", ["https://accounts.zoho.uk", "https://www.zohoapis.uk", "zohoapis.uk", "https://crm.zoho.uk"]),
    at(
        "cn",
        ["https://accounts.zoho.com.cn", "https://www.zohoapis.com.cn", "zohoapis.com.cn", "https://crm.zoho.com.cn"],
    ),
    at("sg", ["https://accounts.zoho.sg", "https://www.zohoapis.sg", "zohoapis.sg", "https://crm.zoho.sg"]),
    at("ae", ["https://accounts.zoho.ae", "https://www.zohoapis.ae", "zohoapis.ae", "https://crm.zoho.ae"]),
];

/// The data centre of that name.
pub(super) fn of(name: &str) -> Option<&'static DataCenter> {
    ALL.iter().find(|center| center.name == name)
}
