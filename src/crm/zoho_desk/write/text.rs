//! Texts as the vendor takes them: their length, and HTML where it shows HTML.
//!
//! # Source
//! The description's lengths. That a ticket's description is HTML is what people who use the API send; of a task's and a
//! call's nobody says so: plain.

/// A description's bytes. The vendor counts characters, or bytes: the shorter.
pub(super) const DESCRIPTION: usize = 65_535;
/// A comment's.
pub(super) const COMMENT: usize = 32_000;
/// A subject's characters.
pub(super) const SUBJECT: usize = 300;
/// A ticket's subject's.
pub(super) const TICKET_SUBJECT: usize = 255;
/// A name's.
pub(super) const NAME: usize = 80;
/// An account's name's.
pub(super) const ACCOUNT_NAME: usize = 200;
/// A custom field's.
pub(super) const CUSTOM: usize = 100;

/// One line of at most so many characters.
pub(super) fn line(text: &str, most: usize) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(most) {
        None => words,
        Some(_) => {
            let begin: String = words.chars().take(most - 1).collect();
            format!("{}…", begin.trim_end())
        }
    }
}

/// A text and below it what must not be lost, of at most so many bytes: where it is too long, the text's end goes, and a
/// link that went with it comes again below.
pub(super) fn whole(text: &str, link: Option<&str>, mark: Option<&str>, most: usize) -> String {
    let text = text.trim_end();
    let below = |links: Option<&str>| links.into_iter().chain(mark).collect::<Vec<_>>().join("\n");
    let joined = |text: &str, below: &str| match (text.is_empty(), below.is_empty()) {
        (true, _) => below.to_owned(),
        (_, true) => text.to_owned(),
        _ => format!("{text}\n{below}"),
    };
    let fits = joined(text, &below(None));
    if fits.len() <= most {
        return fits;
    }
    let below = below(link.filter(|link| text.contains(link)));
    let room = most.saturating_sub(below.len() + "…\n".len());
    let end = (0..=room.min(text.len())).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    joined(&format!("{}…", &text[..end]), &below)
}

/// A stored text with a link below it; `None` where it stands there already.
pub(super) fn with_link(stored: &str, link: &str, is_html: bool) -> Option<String> {
    if stored.contains(link) || stored.contains(&escaped(link)) {
        return None;
    }
    let (line, end) = if is_html { (html_line(link), "<br>") } else { (link.to_owned(), "\n") };
    Some(if stored.is_empty() { line } else { format!("{stored}{end}{line}") })
}

/// The same as HTML: what HTML means something by is escaped, lines end with a break, links can be followed.
pub(super) fn whole_html(text: &str, link: Option<&str>, mark: Option<&str>, most: usize) -> String {
    /// Escaping makes a letter six, and a link is written twice.
    const GROWS: usize = 14;
    let fits = html(&whole(text, link, mark, most));
    if fits.len() <= most { fits } else { html(&whole(text, link, mark, most / GROWS)) }
}

fn html(text: &str) -> String {
    text.split('\n').map(html_line).collect::<Vec<_>>().join("<br>")
}

fn html_line(line: &str) -> String {
    let word = |word: &str| {
        let bare = word.trim_end_matches(['.', ',', ';', ')']);
        if bare.starts_with("https://") || bare.starts_with("http://") {
            let (link, rest) = (escaped(bare), escaped(&word[bare.len()..]));
            format!("<a href=\"{link}\">{link}</a>{rest}")
        } else {
            escaped(word)
        }
    };
    line.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{line, whole, whole_html};

    #[test]
    fn a_subject_is_one_line_and_not_too_long() {
        assert_eq!(line(" Call\nback \t now ", 300), "Call back now");
        assert_eq!(line("передзвонити", 5), "пере…");
        assert_eq!(line("five5", 5), "five5");
    }

    #[test]
    fn what_is_cut_keeps_its_link_and_its_mark() {
        let link = "https://app.ringostat.com/1.ogg?a=1&b=2";
        assert_eq!(whole("Text\n", Some(link), Some("pd1"), 100), "Text\npd1");
        assert_eq!(whole("", None, Some("pd1"), 100), "pd1");
        let long = format!("{}\n{link}", "ї".repeat(500));
        let cut = whole(&long, Some(link), Some("pd1"), 200);
        assert!(cut.len() <= 200 && cut.ends_with(&format!("…\n{link}\npd1")), "{cut}");
        let cut = whole_html(&"<".repeat(3_000), None, Some("pd1"), 2_000);
        assert!(cut.len() <= 2_000 && cut.ends_with("…<br>pd1"), "{cut}");
    }

    #[test]
    fn html_is_escaped_and_its_links_can_be_followed() {
        let told = whole_html("A <b> & \"c\"\nhttps://a.example/?x=1&y='2'.", None, Some("pd1"), 1_000);
        let link = "https://a.example/?x=1&amp;y=&#39;2&#39;";
        let link = format!("<a href=\"{link}\">{link}</a>");
        assert_eq!(told, format!("A &lt;b&gt; &amp; &quot;c&quot;<br>{link}.<br>pd1"));
    }
}
