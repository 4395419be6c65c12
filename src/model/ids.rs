//! Identifiers that come from outside.

use std::fmt;

/// The identifier of a record or of a user in a CRM.
///
/// Pipedrive and HubSpot count in 64 bits, Zoho's eighteen digits fit them too, Dataverse and Pipedrive's leads use
/// UUIDs. Kept as a value, not as text: it is copied for every record of the directory and compared on every walk.
///
/// # Shape
/// Numbers order before UUIDs, and numerically among themselves: "the highest id" of CONTRACT's walk is `Ord`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CrmId {
    /// A decimal number.
    Number(u64),
    /// A UUID, big endian.
    Uuid([u8; 16]),
}

impl CrmId {
    /// Reads the text a CRM or a configuration file gives.
    ///
    /// # Errors
    /// `None` for what is neither a decimal number below 2^64 nor a UUID in its hyphenated, braced or plain form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if !text.is_empty() && text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().ok().map(Self::Number);
        }
        parse_uuid(text).map(Self::Uuid)
    }
}

/// As the text that [`CrmId::parse`] reads.
impl serde::Serialize for CrmId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for CrmId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let expected = || serde::de::Error::custom("expected a decimal number or a UUID, found something else");
        Self::parse(&text).ok_or_else(expected)
    }
}

impl From<u64> for CrmId {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let text = text.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')).unwrap_or(text);
    let hyphenated = text.len() == 36 && [8, 13, 18, 23].iter().all(|&at| text.as_bytes()[at] == b'-');
    if !hyphenated && text.len() != 32 {
        return None;
    }
    let mut digits = text.bytes().filter(|&byte| byte != b'-').map(|byte| char::from(byte).to_digit(16));
    let mut bytes = [0_u8; 16];
    for byte in &mut bytes {
        let (high, low) = (digits.next()??, digits.next()??);
        *byte = u8::try_from(high * 16 + low).ok()?;
    }
    digits.next().is_none().then_some(bytes)
}

impl fmt::Display for CrmId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(out),
            Self::Uuid(bytes) => {
                for (at, byte) in bytes.iter().enumerate() {
                    if [4, 6, 8, 10].contains(&at) {
                        out.write_str("-")?;
                    }
                    write!(out, "{byte:02x}")?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::CrmId;

    #[test]
    fn numbers_and_uuids_are_read_and_printed_back() {
        for text in ["1", "348104000000123456", "5f0c2a10-0000-4000-8000-00000000abcd"] {
            assert_eq!(CrmId::parse(text).expect(text).to_string(), text);
        }
        assert_eq!(
            CrmId::parse("{5F0C2A10-0000-4000-8000-00000000ABCD}"),
            CrmId::parse("5f0c2a1000004000800000000000abcd")
        );
    }

    #[test]
    fn what_is_neither_a_number_nor_a_uuid_is_refused() {
        for text in ["", "anna@acme.example", "-1", "99999999999999999999999", "5f0c2a10-0000-4000-8000-00000000abcg"] {
            assert_eq!(CrmId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_higher_number_is_a_higher_id_whatever_its_length() {
        assert!(CrmId::Number(10) > CrmId::Number(9));
    }
}
