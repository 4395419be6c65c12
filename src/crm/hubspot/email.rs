//! What the vendor takes for an e-mail.

/// Something, one `@`, a host with a dot inside it, no blanks.
///
/// No more than that: which ends of hosts there are the vendor knows, and what it refuses beyond this is left out then.
///
/// # Source
/// The vendor's refusal `INVALID_EMAIL`, as users of the live API saw it.
pub(super) fn is_email(text: &str) -> bool {
    let parts = text.split_once('@').filter(|(name, host)| !name.is_empty() && !host.contains('@'));
    let dotted = |host: &str| host.contains('.') && host.split('.').all(|part| !part.is_empty());
    parts.is_some_and(|(_, host)| dotted(host)) && !text.contains(|letter: char| letter.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::is_email;

    #[test]
    fn an_e_mail_has_a_name_and_a_host_with_a_dot_inside_and_no_blanks() {
        for sound in ["ivan@gmail.com", "o'brien+\"a*b\"@a.b.example", "ї@пошта.укр"] {
            assert!(is_email(sound), "{sound}");
        }
        let wrong = ["", "ivan", "ivan@gmail", "@gmail.com", "ivan@", "ivan@.com", "ivan@gmail.", "a@b@c.d"];
        for wrong in wrong.into_iter().chain(["ivan@gmail..com", "i van@gmail.com", "ivan@gmail.com\u{a0}"]) {
            assert!(!is_email(wrong), "{wrong}");
        }
    }
}
