//! Plain text as the HTML of a note, and back.

/// What a note may hold: the vendor's bound of notes is 100 KB. Of activities it gives none; the same is kept.
const LONGEST: usize = 90_000;

/// Lines with line breaks between them, links that can be followed, and the mark at the end. Where it is too long, lines
/// without a link are left out from the end.
pub(super) fn written(text: &str, mark: &str) -> String {
    let rendered: Vec<(bool, String)> = text.lines().map(|line| (line.contains("://"), line_of(line))).collect();
    let linked: usize = rendered.iter().filter(|(link, _)| *link).map(|(_, line)| line.len() + BREAK.len()).sum();
    let mut left = LONGEST.saturating_sub(linked);
    let mut out = String::new();
    for (link, line) in &rendered {
        let need = line.len() + BREAK.len();
        if !link && need > left {
            left = 0;
            continue;
        }
        left -= if *link { 0 } else { need };
        out.push_str(line);
        out.push_str(BREAK);
    }
    out.push_str(&marked(mark));
    out
}

/// What was written before and lines of `text` that are not in it yet: people write into notes, too, and nothing of
/// theirs may be lost. `None` where nothing is missing.
pub(super) fn added_to(before: &str, text: &str) -> Option<String> {
    let plain = plain(before);
    let missing = text.lines().filter(|line| !line.trim().is_empty() && !plain.contains(&squeezed(line)));
    let mut out = before.to_owned();
    for line in missing {
        if !out.is_empty() {
            out.push_str(BREAK);
        }
        out.push_str(&line_of(line));
    }
    (out != before).then_some(out)
}

const BREAK: &str = "<br>";

fn marked(mark: &str) -> String {
    format!("[{mark}]")
}

/// A line, its links made ones.
fn line_of(line: &str) -> String {
    let words = line.split(' ').map(|word| {
        let escaped = escaped(word);
        if word.starts_with("https://") || word.starts_with("http://") {
            format!("<a href=\"{escaped}\">{escaped}</a>")
        } else {
            escaped
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
    }
    out
}

/// What stands in HTML, however the vendor wrote it anew: without tags, marks and differences of blanks.
fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut inside = false;
    for letter in html.chars() {
        match letter {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                text.push(' ');
            }
            letter if !inside => text.push(letter),
            _ => {}
        }
    }
    let named = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#34;", "\""), ("&#39;", "'"), ("&nbsp;", " ")];
    for (name, letter) in named {
        text = text.replace(name, letter);
    }
    squeezed(&text.replace("&amp;", "&"))
}

fn squeezed(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_whitespace() && !letter.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::{added_to, written};

    #[test]
    fn text_becomes_html_with_links_and_the_mark() {
        assert_eq!(
            written("A <b> & \"c\"\nRecording: https://x.example/r.ogg?a=1&b=2", "pd00"),
            "A &lt;b&gt; &amp; &quot;c&quot;<br>Recording: <a href=\"https://x.example/r.ogg?a=1&amp;b=2\">\
             https://x.example/r.ogg?a=1&amp;b=2</a><br>[pd00]"
        );
        assert_eq!(written("", "pd00"), "[pd00]");
    }

    #[test]
    fn what_is_too_long_keeps_its_link_and_its_mark() {
        let long = format!("{}\nhttps://x.example/r.ogg\n{}", "слово ".repeat(9_000), "more ".repeat(9_000));
        let html = written(&long, "pd00");
        assert!(html.len() < 100_000 && html.ends_with("[pd00]"), "{}", html.len());
        assert!(html.contains("href=\"https://x.example/r.ogg\""));
    }

    #[test]
    fn only_what_is_missing_is_added_and_nothing_of_others_is_lost() {
        let before = "<p>First &amp; foremost</p>Anna wrote this<br>[pd00]";
        let after = added_to(before, "First & foremost\nhttps://x.example/r").expect("something is missing");
        assert_eq!(after, format!("{before}<br><a href=\"https://x.example/r\">https://x.example/r</a>"));
        assert_eq!(added_to(&after, "First & foremost\nhttps://x.example/r"), None);
        assert_eq!(added_to("", "x"), Some("x".to_owned()));
    }
}
