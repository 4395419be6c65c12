//! A form that a visitor of the site filled in, as it was sent: nothing is understood yet.

use serde::{Deserialize, Serialize};

/// What was filled in, and what the site and the telephone system said besides: name and value, in the order sent.
///
/// Names are the site's own. One may come several times; blank values are not there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// Every field.
    pub fields: Vec<(String, String)>,
}

impl Form {
    /// The values of the field of that name, in whatever case it is written.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &str> + use<'_> {
        let name = name.to_lowercase();
        self.fields.iter().filter(move |(found, _)| found.to_lowercase() == name).map(|(_, value)| value.as_str())
    }

    /// The first value of the first of these names that is there.
    pub fn first<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Option<&str> {
        names.into_iter().find_map(|name| self.values(name).next())
    }
}

/// A value and the field of the CRM that it goes into.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Filled {
    /// The CRM's own name of the field.
    pub field: String,
    /// The text.
    pub value: String,
}

#[cfg(test)]
mod tests {
    use super::Form;

    #[test]
    fn a_field_is_found_in_whatever_case_and_the_first_name_that_is_there_wins() {
        let fields = [("Tel", "1"), ("ИМЯ", "Анна"), ("tel", "2")];
        let form = Form { fields: fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec() };
        assert_eq!(form.values("tel").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(form.first(["fio", "имя", "tel"]), Some("Анна"));
        assert_eq!(form.first(["fio"]), None);
    }
}
