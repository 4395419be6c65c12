//! `$filter`: read strictly, and asked of one record.
//!
//! # Shape
//! `and`, `or`, `not`, parentheses; `eq ne gt ge lt le`; `endswith`, `startswith`, `contains`. Texts in single quotes,
//! ids and times without any: a quoted id is refused, which is a guess. Texts are compared without regard to case.

use std::cmp::Ordering;

use jiff::Timestamp;

use super::{
    body::hundredths,
    reply::Refusal,
    row::{Cell, Row},
    schema::{Column, Schema, Type, guid_of},
};

/// What is asked of a record.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Filter {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Compare(&'static Column, Op, Option<Cell>),
    Text(Place, &'static Column, String),
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

/// Where in a text another one stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    End,
    Start,
    Anywhere,
}

impl Filter {
    /// Reads a filter for a table.
    pub(super) fn read(text: &str, schema: &'static Schema) -> Result<Self, Refusal> {
        let mut reader = Reader { left: tokens(text)?.into_iter().peekable(), schema };
        let filter = reader.any()?;
        match reader.left.next() {
            None => Ok(filter),
            Some(token) => Err(syntax(&format!("an end, found {token:?}"))),
        }
    }

    /// Whether a record is asked for.
    pub(super) fn takes(&self, row: &Row) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.takes(row)),
            Self::Any(parts) => parts.iter().any(|part| part.takes(row)),
            Self::Not(inner) => !inner.takes(row),
            Self::Compare(column, op, wanted) => op.holds(row.get(column).as_ref(), wanted.as_ref()),
            Self::Text(place, column, wanted) => {
                let Some(Cell::Text(text)) = row.get(column) else { return false };
                let text = text.to_lowercase();
                match place {
                    Place::End => text.ends_with(wanted),
                    Place::Start => text.starts_with(wanted),
                    Place::Anywhere => text.contains(wanted),
                }
            }
        }
    }

    /// The earliest change that a record may have, where the filter says so.
    pub(super) fn since_s(&self) -> Option<i64> {
        match self {
            Self::All(parts) => parts.iter().filter_map(Self::since_s).max(),
            Self::Compare(column, Op::Ge | Op::Gt, Some(Cell::Time(at_s))) if column.name == "modifiedon" => {
                Some(*at_s)
            }
            _ => None,
        }
    }

    /// How many comparisons of texts a record costs.
    pub(super) fn texts(&self) -> u64 {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::texts).sum(),
            Self::Not(inner) => inner.texts(),
            Self::Compare(..) => 0,
            Self::Text(..) => 1,
        }
    }
}

impl Op {
    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "eq" => Self::Eq,
            "ne" => Self::Ne,
            "gt" => Self::Gt,
            "ge" => Self::Ge,
            "lt" => Self::Lt,
            "le" => Self::Le,
            _ => return None,
        })
    }

    fn holds(self, stored: Option<&Cell>, wanted: Option<&Cell>) -> bool {
        let order = match (stored, wanted) {
            (None, None) => return matches!(self, Self::Eq),
            (Some(_), None) => return matches!(self, Self::Ne),
            (None, Some(_)) => return false,
            (Some(stored), Some(wanted)) => order(stored, wanted),
        };
        match self {
            Self::Eq => order == Some(Ordering::Equal),
            Self::Ne => order != Some(Ordering::Equal),
            Self::Gt => order == Some(Ordering::Greater),
            Self::Ge => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
            Self::Lt => order == Some(Ordering::Less),
            Self::Le => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        }
    }
}

fn order(stored: &Cell, wanted: &Cell) -> Option<Ordering> {
    match (stored, wanted) {
        (Cell::Text(one), Cell::Text(other)) => Some(collated(one).cmp(&collated(other))),
        (Cell::Whole(one), Cell::Whole(other))
        | (Cell::Money(one), Cell::Money(other))
        | (Cell::Time(one), Cell::Time(other)) => Some(one.cmp(other)),
        (Cell::Flag(one), Cell::Flag(other)) => Some(one.cmp(other)),
        (Cell::Id(one) | Cell::Lookup(one, _), Cell::Id(other)) => Some(one.cmp(other)),
        _ => None,
    }
}

/// A text as the database compares it: without regard to case, accents and blanks at its end. That whole texts are compared
/// like that, not only parts, is a guess; the harder one for whoever wants exactly what was asked.
fn collated(text: &str) -> String {
    let plain = |letter: char| match letter {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => 'a',
        'ç' => 'c',
        'è' | 'é' | 'ê' | 'ë' => 'e',
        'ì' | 'í' | 'î' | 'ï' => 'i',
        'ñ' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' => 'o',
        'ù' | 'ú' | 'û' | 'ü' => 'u',
        other => other,
    };
    text.trim_end_matches(' ').to_lowercase().chars().map(plain).collect()
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    Comma,
    Text(String),
    Word(String),
}

fn syntax(expected: &str) -> Refusal {
    Refusal::malformed(format!("Syntax error in $filter: expected {expected}"))
}

fn tokens(text: &str) -> Result<Vec<Token>, Refusal> {
    let mut tokens = Vec::new();
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            ' ' => {}
            '(' => tokens.push(Token::Open),
            ')' => tokens.push(Token::Close),
            ',' => tokens.push(Token::Comma),
            '\'' => {
                let mut inner = String::new();
                loop {
                    match signs.next() {
                        Some('\'') if signs.peek() == Some(&'\'') => inner.extend(signs.next()),
                        Some('\'') => break,
                        Some(sign) => inner.push(sign),
                        None => return Err(syntax("the end of a text")),
                    }
                }
                tokens.push(Token::Text(inner));
            }
            other => {
                let mut word = String::from(other);
                while let Some(&next) = signs.peek()
                    && !matches!(next, ' ' | '(' | ')' | ',' | '\'')
                {
                    word.push(next);
                    signs.next();
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    Ok(tokens)
}

struct Reader {
    left: std::iter::Peekable<std::vec::IntoIter<Token>>,
    schema: &'static Schema,
}

impl Reader {
    fn takes(&mut self, word: &str) -> bool {
        self.left.next_if(|token| matches!(token, Token::Word(found) if found == word)).is_some()
    }

    fn needs(&mut self, wanted: &Token) -> Result<(), Refusal> {
        self.left.next_if_eq(wanted).map(drop).ok_or_else(|| syntax(&format!("{wanted:?}")))
    }

    fn any(&mut self) -> Result<Filter, Refusal> {
        let mut parts = vec![self.all()?];
        while self.takes("or") {
            parts.push(self.all()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::Any(parts) })
    }

    fn all(&mut self) -> Result<Filter, Refusal> {
        let mut parts = vec![self.one()?];
        while self.takes("and") {
            parts.push(self.one()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::All(parts) })
    }

    fn one(&mut self) -> Result<Filter, Refusal> {
        if self.takes("not") {
            return Ok(Filter::Not(Box::new(self.one()?)));
        }
        match self.left.next() {
            Some(Token::Open) => {
                let inner = self.any()?;
                self.needs(&Token::Close)?;
                Ok(inner)
            }
            Some(Token::Word(word)) => match place(&word) {
                Some(place) => self.text(place),
                None => self.compare(&word),
            },
            other => Err(syntax(&format!("a comparison, found {other:?}"))),
        }
    }

    fn column(&self, name: &str) -> Result<&'static Column, Refusal> {
        self.schema.column(name).ok_or_else(|| Refusal::no_property(name, self.schema.logical))
    }

    fn text(&mut self, place: Place) -> Result<Filter, Refusal> {
        self.needs(&Token::Open)?;
        let Some(Token::Word(name)) = self.left.next() else { return Err(syntax("a property")) };
        let column = self.column(&name)?;
        self.needs(&Token::Comma)?;
        let Some(Token::Text(wanted)) = self.left.next() else { return Err(syntax("a text")) };
        self.needs(&Token::Close)?;
        match column.holds {
            Type::Text(_) => Ok(Filter::Text(place, column, wanted.to_lowercase())),
            _ => Err(syntax(&format!("a text property, found {name}"))),
        }
    }

    fn compare(&mut self, name: &str) -> Result<Filter, Refusal> {
        let column = self.column(name)?;
        let op = match self.left.next() {
            Some(Token::Word(word)) => Op::of(&word),
            _ => None,
        };
        let op = op.ok_or_else(|| syntax("a comparison"))?;
        let wanted = match (self.left.next(), column.holds) {
            (Some(Token::Word(word)), _) if word == "null" => return Ok(Filter::Compare(column, op, None)),
            (Some(Token::Text(text)), Type::Text(_)) => Some(Cell::Text(text)),
            (Some(Token::Word(word)), holds) => literal(&word, holds),
            _ => None,
        };
        let wanted = wanted.ok_or_else(|| syntax(&format!("a value of the type of {name}")))?;
        Ok(Filter::Compare(column, op, Some(wanted)))
    }
}

fn place(word: &str) -> Option<Place> {
    Some(match word {
        "endswith" => Place::End,
        "startswith" => Place::Start,
        "contains" => Place::Anywhere,
        _ => return None,
    })
}

fn literal(word: &str, holds: Type) -> Option<Cell> {
    match holds {
        Type::Text(_) => None,
        Type::Whole | Type::Count(_) => word.parse().ok().map(Cell::Whole),
        Type::Money(..) => word.parse().ok().and_then(hundredths).map(Cell::Money),
        Type::Flag => word.parse().ok().map(Cell::Flag),
        Type::Time => word.parse::<Timestamp>().ok().map(|at| Cell::Time(at.as_second())),
        Type::Key | Type::Lookup => guid_of(word).map(Cell::Id),
    }
}
