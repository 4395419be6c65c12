//! Whether a head says its body's length, which hyper does not tell once there is a Transfer-Encoding beside it.

/// What begins a line that says the length. No blank may stand before the colon: hyper refuses that.
const LENGTH: &[u8] = b"content-length:";

/// Watches the bytes of a head as they arrive, in pieces of any size.
///
/// # Shape
/// Empty lines before a head do not count, as they do not for hyper. What comes behind the head's empty line is not
/// looked at.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// How many bytes the line has so far, a carriage return apart.
    line: usize,
    /// How many of them begin [`LENGTH`]; fewer than `line` where the line says something else.
    alike: usize,
    begun: bool,
    /// The empty line was seen.
    ended: bool,
    length: bool,
}

impl Head {
    /// The head's next bytes. After a head's end they begin another.
    ///
    /// # Cost
    /// A look at each byte up to the head's end.
    pub(super) fn watch(&mut self, bytes: &[u8]) {
        if self.ended {
            *self = Self::default();
        }
        for &byte in bytes {
            match byte {
                b'\n' if self.line > 0 => (self.line, self.alike) = (0, 0),
                b'\n' if self.begun => {
                    self.ended = true;
                    return;
                }
                b'\r' | b'\n' => {}
                _ => self.letter(byte),
            }
        }
    }

    /// Whether a length was said.
    pub(super) const fn says_length(&self) -> bool {
        self.length
    }

    fn letter(&mut self, byte: u8) {
        self.begun = true;
        if self.alike == self.line && LENGTH.get(self.alike).is_some_and(|letter| letter.eq_ignore_ascii_case(&byte)) {
            self.alike += 1;
            self.length |= self.alike == LENGTH.len();
        }
        self.line += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::Head;

    fn says(head: &mut Head, bytes: &str, step: usize) -> bool {
        bytes.as_bytes().chunks(step).for_each(|piece| head.watch(piece));
        head.says_length()
    }

    #[test]
    fn a_length_is_found_in_pieces_of_any_size() {
        for step in 1..60 {
            let mut head = Head::default();
            assert!(says(&mut head, "\r\nPOST / HTTP/1.1\r\nHost: x\r\nContent-LENGTH: 7\r\n\r\n", step), "{step}");
            assert!(!says(&mut head, "GET / HTTP/1.1\nHost: content-length: 7\n\n", step), "{step}: another head");
            assert!(says(&mut head, "POST / HTTP/1.1\ncontent-length:7\n\n", step), "{step}: a third");
        }
    }

    #[test]
    fn what_only_looks_like_a_length_is_none() {
        for line in ["X-Content-Length: 1", "Content-Lengths: 1", "Content-Length", " Content-Length: 1"] {
            assert!(!says(&mut Head::default(), &format!("POST / HTTP/1.1\r\n{line}\r\n\r\n"), 7), "{line}");
        }
    }

    #[test]
    fn a_body_that_came_with_its_head_is_not_looked_at() {
        let mut head = Head::default();
        head.watch(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n14\r\ncontent-length: 1234\r\n0\r\n\r\n");
        assert!(!head.says_length());
    }
}
