//! Texts as the vendor takes them: capped without losing a link, as HTML where it stores HTML.

/// The vendor's limit of a text, in its characters; counted here in bytes, which are never fewer.
const LONGEST: usize = 65_536;
/// A title's. The vendor names none: what every list of its own shows whole.
const LONGEST_TITLE: usize = 255;
/// What is put where something was left out.
const LEFT_OUT: &str = "… ";

/// A title on one line.
pub(super) fn title(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(LONGEST_TITLE).collect()
}

/// Plain text with the mark on a line of its own.
pub(super) fn plain(text: &str, mark: Option<&str>) -> String {
    let mark = mark.map(|mark| if text.is_empty() { mark.to_owned() } else { format!("\n{mark}") }).unwrap_or_default();
    format!("{}{mark}", capped(text, LONGEST - mark.len(), str::to_owned))
}

/// HTML of plain text: escaped, lines broken, addresses made links, the mark on a line of its own.
pub(super) fn html(text: &str, mark: Option<&str>) -> String {
    let mark =
        mark.map(|mark| if text.is_empty() { mark.to_owned() } else { format!("<br>{mark}") }).unwrap_or_default();
    let whole = capped(text, LONGEST - mark.len(), piece_as_html);
    format!("{whole}{mark}")
}

/// Whether a text, as it was written here or as people left it, holds a link.
pub(super) fn holds(text: &str, link: &str) -> bool {
    text.contains(link) || text.contains(&escaped(link))
}

/// A stored text with a link below it.
pub(super) fn added(stored: &str, link: &str) -> String {
    format!("{stored}\n{link}").trim_start().to_owned()
}

/// The same where it is HTML.
pub(super) fn added_html(stored: &str, link: &str) -> String {
    let link = piece_as_html(link);
    if stored.is_empty() { link } else { format!("{stored}<br>{link}") }
}

/// As much of a text as fits once it is written, every link of it among that.
fn capped(text: &str, most: usize, written: impl Fn(&str) -> String) -> String {
    let pieces: Vec<&str> = text.split_inclusive(char::is_whitespace).collect();
    let all: Vec<String> = pieces.iter().map(|piece| written(piece)).collect();
    if all.iter().map(String::len).sum::<usize>() <= most {
        return all.concat();
    }
    let links: usize = pieces.iter().zip(&all).filter(|(piece, _)| is_link(piece)).map(|(_, whole)| whole.len()).sum();
    let mut left = most.saturating_sub(links + 2 * LEFT_OUT.len());
    let (mut out, mut full) = (String::new(), false);
    for (piece, whole) in pieces.iter().zip(&all) {
        if is_link(piece) {
            out.push_str(whole);
        } else if !full && whole.len() <= left {
            left -= whole.len();
            out.push_str(whole);
        } else if !full {
            full = true;
            let fits = piece.char_indices().map(|(at, _)| written(&piece[..at])).take_while(|cut| cut.len() <= left);
            out.push_str(&fits.last().unwrap_or_default());
            out.push_str(LEFT_OUT);
        }
    }
    out
}

fn is_link(piece: &str) -> bool {
    ["https://", "http://"].iter().any(|scheme| piece.trim_start_matches(['(', '<', '"']).starts_with(scheme))
}

fn piece_as_html(piece: &str) -> String {
    let word = piece.trim_end();
    let end = if piece.ends_with('\n') { "<br>" } else { &piece[word.len()..] };
    if is_link(word) && word.starts_with("http") {
        let address = escaped(word);
        return format!("<a href=\"{address}\">{address}</a>{end}");
    }
    format!("{}{end}", escaped(word))
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, html, plain, title};

    const LINK: &str = "https://app.ringostat.com/1.ogg?a=1&b=2";

    #[test]
    fn a_text_becomes_html_with_its_lines_links_and_mark() {
        let text = format!("From <Anna> & \"co\"\n\n{LINK} listen");
        let address = "https://app.ringostat.com/1.ogg?a=1&amp;b=2";
        let expected =
            format!("From &lt;Anna&gt; &amp; &quot;co&quot;<br><br><a href=\"{address}\">{address}</a> listen<br>pd0");
        assert_eq!(html(&text, Some("pd0")), expected);
        assert_eq!((html("", Some("pd0")), html("a", None)), ("pd0".to_owned(), "a".to_owned()));
    }

    #[test]
    fn a_text_that_is_too_long_keeps_its_link_and_mark() {
        for text in [format!("{} {LINK}", "&".repeat(70_000)), format!("{}\n{LINK}", "ї word ".repeat(20_000))] {
            for whole in [html(&text, Some("pd0")), plain(&text, Some("pd0"))] {
                assert!(whole.len() <= LONGEST, "{}", whole.len());
                assert!(whole.len() > LONGEST / 2, "{}", whole.len());
                assert!(whole.contains("app.ringostat.com/1.ogg") && whole.ends_with("pd0"));
            }
        }
    }

    #[test]
    fn a_title_is_one_short_line() {
        assert_eq!(title(" Call\nof  somebody "), "Call of somebody");
        assert_eq!(title(&"ї".repeat(300)).chars().count(), 255);
    }
}
