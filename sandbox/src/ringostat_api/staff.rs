//! Who works there.

use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap};
use serde_json::{Value, json};

/// Somebody on the staff list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Ringostat's id of them.
    pub staff_id: u64,
    /// The name.
    pub fio: String,
    /// The e-mail.
    pub email: String,
    /// The internal number; empty for none.
    #[serde(default)]
    pub extension: String,
    /// Main directions, SIP logins or numbers, the first one first.
    #[serde(default)]
    pub main: Vec<String>,
    /// Additional ones.
    #[serde(default)]
    pub additional: Vec<String>,
}

impl Member {
    /// Somebody with one main direction and no extension.
    #[must_use]
    pub fn new(staff_id: u64, fio: &str, main: &str) -> Self {
        let email = format!("{}@acme.example", fio.to_lowercase());
        let main = vec![main.to_owned()];
        Self { staff_id, fio: fio.to_owned(), email, extension: String::new(), main, additional: Vec::new() }
    }

    /// As the list shows them. `main` as empty where nobody may be dialled.
    fn shown(&self, without_main: bool) -> Value {
        let direction = |(at, text): (usize, &String)| {
            let number = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'+');
            let (kind, gateway) = if number { ("phone", None) } else { ("sip", Some("sip.ringostat.net")) };
            let id = self.staff_id * 100 + u64::try_from(at).unwrap_or(0);
            json!({ "id": id, "type": kind, "direction": text, "gateway": gateway, "enabledForAwd": true })
        };
        let list = |texts: &[String]| texts.iter().enumerate().map(direction).collect::<Vec<_>>();
        let main = if without_main { Vec::new() } else { list(&self.main) };
        let extension = (!self.extension.is_empty()).then_some(&self.extension);
        json!({
            "id": self.staff_id + 128_140, "staffId": self.staff_id, "status": self.staff_id.is_multiple_of(2), "fio": self.fio,
            "email": self.email, "extensionNumber": extension, "departments": [11_309],
            "directions": { "main": main, "additional": list(&self.additional) },
        })
    }
}

/// The people of a result, keyed by their ids in the order they were put in; `[]` where there is nobody.
pub(super) struct Listed<'a> {
    pub(super) members: Vec<&'a Member>,
    pub(super) without_main: bool,
}

impl Serialize for Listed<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.members.is_empty() {
            return to.collect_seq::<[u8; 0]>([]);
        }
        let mut map = to.serialize_map(Some(self.members.len()))?;
        for member in &self.members {
            map.serialize_entry(&member.staff_id.to_string(), &member.shown(self.without_main))?;
        }
        map.end()
    }
}
