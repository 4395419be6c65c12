//! What a source file names, read from its tokens.
//!
//! Tokens and not the syntax tree, because a tree ends where a macro begins: `select!`, `format!` and our own macros
//! hold paths and calls like any other code. Comments and texts are no tokens here, so they never match.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};

/// A path as it is written, a `use` tree with all its branches.
#[derive(Debug)]
pub(crate) struct Named {
    /// Every branch, segment by segment; `*` for a glob.
    pub(crate) leaves: Vec<Vec<String>>,
    /// Whether `as` gives the path another name.
    pub(crate) renamed: bool,
    /// Where it stands.
    pub(crate) place: Place,
}

/// A word that a rule may refuse, seen in its surroundings.
#[derive(Debug)]
pub(crate) struct Word {
    /// The identifier.
    pub(crate) text: String,
    /// Whether a `!` follows: a macro is called.
    pub(crate) called_as_macro: bool,
    /// Whether a `.` precedes and an argument list follows: a method is called.
    pub(crate) called_as_method: bool,
    /// Where it stands.
    pub(crate) place: Place,
}

/// An attribute's name, `cfg_attr`'s own included.
#[derive(Debug)]
pub(crate) struct Attribute {
    /// The name, `allow` of `#[allow(dead_code)]`.
    pub(crate) name: String,
    /// Where it stands.
    pub(crate) place: Place,
}

/// Where a token stands.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The module, from the crate's root.
    pub(crate) module: Vec<String>,
    /// The row, counted from 1.
    pub(crate) row: usize,
    /// Whether it is compiled for tests only.
    pub(crate) test: bool,
}

/// Everything one file names.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// Paths.
    pub(crate) paths: Vec<Named>,
    /// Identifiers.
    pub(crate) words: Vec<Word>,
    /// Attributes.
    pub(crate) attributes: Vec<Attribute>,
    /// Modules in files of their own that are compiled for tests only.
    pub(crate) test_modules: Vec<Vec<String>>,
    /// Modules declared with `mod name;`, and their rows.
    pub(crate) declared: Vec<(String, usize)>,
}

/// Reads a file that is `module`; `test` where the whole file is compiled for tests only.
pub(crate) fn scan(text: &str, module: &[String], test: bool) -> Result<Scan, String> {
    let stream: TokenStream = text.parse().map_err(|error| format!("expected Rust, found {error}"))?;
    let mut scan = Scan::default();
    scan.walk(stream, module, test, None);
    Ok(scan)
}

impl Scan {
    /// `row` overrides the tokens' own rows: for paths that stand in a text of an attribute.
    fn walk(&mut self, stream: TokenStream, module: &[String], test: bool, row: Option<usize>) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        let mut test_item = false;
        let mut at = 0;
        while at < tokens.len() {
            let token = &tokens[at];
            let here = Place {
                module: module.to_vec(),
                row: row.unwrap_or_else(|| row_of(token.span())),
                test: test || test_item,
            };
            if let Some((group, next)) = attribute(&tokens, at) {
                test_item |= self.attribute(group, &here);
                at = next;
            } else if let Some((name, next)) = module_begins(&tokens, at) {
                at = next;
                if let Some(TokenTree::Group(body)) = tokens.get(at) {
                    let inner: Vec<String> = module.iter().cloned().chain([name]).collect();
                    self.walk(body.stream(), &inner, here.test, row);
                    at += 1;
                } else {
                    if here.test {
                        self.test_modules.push(module.iter().cloned().chain([name.clone()]).collect());
                    }
                    self.declared.push((name, here.row));
                }
                test_item = false;
            } else {
                at = self.token(&tokens, at, here, row);
                let ends = |token: &TokenTree| {
                    is_punct(token, ';')
                        || matches!(token, TokenTree::Group(body) if body.delimiter() == Delimiter::Brace)
                };
                if tokens[..at].last().is_some_and(ends) {
                    test_item = false;
                }
            }
        }
    }

    /// Takes what begins at `at` and says where the next thing begins.
    fn token(&mut self, tokens: &[TokenTree], at: usize, here: Place, row: Option<usize>) -> usize {
        match &tokens[at] {
            TokenTree::Ident(_) => {
                let mut leaves = Vec::new();
                let next = path(tokens, at, &[], &mut leaves);
                self.words_of(tokens, at, next, &here);
                let renamed = matches!(tokens.get(next), Some(TokenTree::Ident(word)) if word == "as");
                self.paths.push(Named { leaves, renamed, place: here });
                next
            }
            TokenTree::Group(group) => {
                self.walk(group.stream(), &here.module, here.test, row);
                at + 1
            }
            _ => at + 1,
        }
    }

    /// Notes the identifiers of a path, those of its groups included.
    fn words_of(&mut self, tokens: &[TokenTree], from: usize, to: usize, here: &Place) {
        for at in from..to {
            match &tokens[at] {
                TokenTree::Ident(word) => self.words.push(Word {
                    text: word.to_string(),
                    called_as_macro: at + 1 == to && tokens.get(to).is_some_and(|next| is_punct(next, '!')),
                    called_as_method: at > 0 && is_punct(&tokens[at - 1], '.') && arguments_follow(tokens, to),
                    place: here.clone(),
                }),
                TokenTree::Group(group) => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    self.words_of(&inner, 0, inner.len(), here);
                }
                _ => {}
            }
        }
    }

    /// Notes an attribute; says whether it makes what follows a test.
    fn attribute(&mut self, group: &Group, here: &Place) -> bool {
        let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
        let Some(name) = tokens.first().map(ToString::to_string) else { return false };
        if name == "doc" {
            return false;
        }
        let words = idents(group.stream());
        for nested in if name == "cfg_attr" { &words[1..] } else { &words[..1] } {
            self.attributes.push(Attribute { name: nested.clone(), place: here.clone() });
        }
        self.walk(group.stream(), &here.module, here.test, Some(here.row));
        for text in texts(group.stream()) {
            if let Ok(stream) = text.parse() {
                self.walk(stream, &here.module, here.test, Some(here.row));
            }
        }
        name == "cfg" && (words == ["cfg", "test"] || words.starts_with(&["cfg".into(), "all".into(), "test".into()]))
            || name == "test"
    }
}

/// Reads a path with its `use` tree from `at` into `leaves`; says where it ends.
fn path(tokens: &[TokenTree], mut at: usize, before: &[String], leaves: &mut Vec<Vec<String>>) -> usize {
    let mut segments = before.to_vec();
    loop {
        match tokens.get(at) {
            Some(TokenTree::Ident(word)) => segments.push(word.to_string().trim_start_matches("r#").to_owned()),
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                branches(group, &segments, leaves);
                return at + 1;
            }
            Some(star) if is_punct(star, '*') => segments.push("*".into()),
            _ => break,
        }
        at += 1;
        let joined = matches!(tokens.get(at), Some(colon) if is_punct(colon, ':'))
            && matches!(tokens.get(at + 1), Some(colon) if is_punct(colon, ':'));
        let goes_on = match tokens.get(at + 2) {
            Some(TokenTree::Ident(_)) => true,
            Some(TokenTree::Group(group)) => group.delimiter() == Delimiter::Brace,
            Some(token) => is_punct(token, '*'),
            None => false,
        };
        if !joined || !goes_on {
            break;
        }
        at += 2;
    }
    leaves.push(segments);
    at
}

fn branches(group: &Group, before: &[String], leaves: &mut Vec<Vec<String>>) {
    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
    for branch in inner.split(|token| is_punct(token, ',')) {
        let start = branch.iter().take_while(|token| is_punct(token, ':')).count();
        match branch.get(start) {
            None => {}
            Some(TokenTree::Ident(word)) if word == "self" => leaves.push(before.to_vec()),
            Some(_) => {
                path(branch, start, before, leaves);
            }
        }
    }
}

/// The attribute that begins at `at`, and where it ends.
fn attribute(tokens: &[TokenTree], at: usize) -> Option<(&Group, usize)> {
    let hash = tokens.get(at).filter(|token| is_punct(token, '#')).map(|_| at + 1)?;
    let inner = usize::from(tokens.get(hash).is_some_and(|token| is_punct(token, '!')));
    match tokens.get(hash + inner) {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket => Some((group, hash + inner + 1)),
        _ => None,
    }
}

/// The name of the module that begins at `at`, and where its body or its semicolon stands.
fn module_begins(tokens: &[TokenTree], at: usize) -> Option<(String, usize)> {
    match (tokens.get(at), tokens.get(at + 1), tokens.get(at + 2)) {
        (Some(TokenTree::Ident(word)), Some(TokenTree::Ident(name)), Some(body))
            if word == "mod" && (is_punct(body, ';') || matches!(body, TokenTree::Group(_))) =>
        {
            Some((name.to_string(), at + 2))
        }
        _ => None,
    }
}

fn arguments_follow(tokens: &[TokenTree], at: usize) -> bool {
    matches!(tokens.get(at), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis)
}

fn is_punct(token: &TokenTree, sign: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign)
}

fn row_of(span: Span) -> usize {
    span.start().line
}

/// All identifiers, those of groups included.
fn idents(stream: TokenStream) -> Vec<String> {
    let each = |token| match token {
        TokenTree::Ident(word) => vec![word.to_string()],
        TokenTree::Group(group) => idents(group.stream()),
        _ => Vec::new(),
    };
    stream.into_iter().flat_map(each).collect()
}

/// All texts that hold a path: serde names functions in them.
fn texts(stream: TokenStream) -> Vec<String> {
    let each = |token| match token {
        TokenTree::Literal(literal) => {
            let text = literal.to_string();
            let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            inner.filter(|inner| inner.contains("::")).map(|inner| vec![inner.to_owned()]).unwrap_or_default()
        }
        TokenTree::Group(group) => texts(group.stream()),
        _ => Vec::new(),
    };
    stream.into_iter().flat_map(each).collect()
}
