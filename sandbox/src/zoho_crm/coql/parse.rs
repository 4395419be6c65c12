//! From words to a query.

use serde_json::json;

use super::{
    Condition, Like, MOST_FIELDS, MOST_OFFSET, MOST_ORDERS, MOST_ROWS, MOST_VALUES, Query, Test,
    words::{Word, words},
};
use crate::zoho_crm::{
    field::{Field, Type},
    module::Module,
    reply::Refusal,
    wire::{Cell, read_time},
    world::World,
};

/// Reads a query.
pub(super) fn query(text: &str, world: &World, like_on_phones: bool) -> Result<Query, Refusal> {
    let words = words(text)?;
    // The fields stand before the module that has them.
    let from = words.iter().position(|word| is(word, "from")).ok_or_else(|| Refusal::syntax("from"))?;
    let module = match words.get(from + 1) {
        Some(Word::Name(name)) => Module::of(name).ok_or_else(Refusal::no_such_module)?,
        _ => return Err(Refusal::syntax("from")),
    };
    let mut reading = Reading { words: &words, at: 0, module, world, like_on_phones };
    reading.keyword("select")?;
    let mut fields = vec![reading.field()?];
    while reading.sign(",") {
        fields.push(reading.field()?);
    }
    if fields.len() > MOST_FIELDS {
        return Err(Refusal::limit("Max field limit exceeded", MOST_FIELDS));
    }
    reading.at = from + 2;
    reading.keyword("where")?;
    let condition = reading.condition()?;
    let orders = if reading.is_next("order") { reading.orders()? } else { Vec::new() };
    let (mut limit, mut offset) = (200, 0);
    if reading.is_next("limit") {
        reading.at += 1;
        limit = reading.number()?;
        if reading.sign(",") {
            (offset, limit) = (limit, reading.number()?);
        }
    }
    if reading.is_next("offset") {
        reading.at += 1;
        offset = reading.number()?;
    }
    if reading.at < words.len() {
        return Err(reading.unexpected());
    }
    if limit > MOST_ROWS {
        return Err(Refusal::limit("limit clause exceeds the maximum", MOST_ROWS));
    }
    if offset + limit > MOST_OFFSET {
        return Err(Refusal::limit("Max records limit exceeded", MOST_OFFSET));
    }
    Ok(Query { module, fields, condition, orders, limit, offset })
}

fn is(word: &Word, keyword: &str) -> bool {
    matches!(word, Word::Name(name) if name.eq_ignore_ascii_case(keyword))
}

struct Reading<'a> {
    words: &'a [Word],
    at: usize,
    module: Module,
    world: &'a World,
    like_on_phones: bool,
}

impl Reading<'_> {
    fn next(&mut self) -> Option<&Word> {
        let word = self.words.get(self.at);
        self.at += 1;
        word
    }

    fn unexpected(&self) -> Refusal {
        Refusal::syntax(&format!("{:?}", self.words.get(self.at)))
    }

    fn is_next(&self, keyword: &str) -> bool {
        self.words.get(self.at).is_some_and(|word| is(word, keyword))
    }

    fn keyword(&mut self, keyword: &str) -> Result<(), Refusal> {
        if !self.is_next(keyword) {
            return Err(Refusal::syntax(keyword));
        }
        self.at += 1;
        Ok(())
    }

    fn sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.words.get(self.at), Some(Word::Sign(known)) if *known == sign);
        self.at += usize::from(found);
        found
    }

    fn number(&mut self) -> Result<usize, Refusal> {
        match self.next() {
            Some(Word::Number(text)) => text.parse().map_err(|_| Refusal::syntax("limit")),
            _ => Err(Refusal::syntax("limit")),
        }
    }

    fn field(&mut self) -> Result<Field, Refusal> {
        let (module, world) = (self.module, self.world);
        let Some(Word::Name(name)) = self.next() else { return Err(Refusal::syntax("field")) };
        let unknown = || {
            Refusal::query("column given seems to be invalid", json!({"column_name": name, "module": module.name()}))
        };
        world.field(module, name).ok_or_else(unknown)
    }

    fn orders(&mut self) -> Result<Vec<(Field, bool)>, Refusal> {
        self.at += 1;
        self.keyword("by")?;
        let mut orders: Vec<(Field, bool)> = Vec::new();
        loop {
            let field = self.field()?;
            let descending = self.is_next("desc");
            self.at += usize::from(descending || self.is_next("asc"));
            if orders.iter().any(|(known, _)| known.name == field.name) {
                return Err(Refusal::query("duplicate column in order by", json!({"column_name": field.name})));
            }
            orders.push((field, descending));
            if !self.sign(",") {
                break;
            }
        }
        if orders.len() > MOST_ORDERS {
            Err(Refusal::limit("order by limit exceeded", MOST_ORDERS))
        } else {
            Ok(orders)
        }
    }

    /// One condition, or two side by side; more are to be bracketed in pairs.
    fn condition(&mut self) -> Result<Condition, Refusal> {
        let one = self.piece()?;
        let or = self.is_next("or");
        if !or && !self.is_next("and") {
            return Ok(one);
        }
        self.at += 1;
        let other = Box::new(self.piece()?);
        if self.is_next("and") || self.is_next("or") {
            return Err(self.unexpected());
        }
        Ok(if or { Condition::Or(Box::new(one), other) } else { Condition::And(Box::new(one), other) })
    }

    fn piece(&mut self) -> Result<Condition, Refusal> {
        if self.sign("(") {
            let inner = self.condition()?;
            return if self.sign(")") { Ok(inner) } else { Err(self.unexpected()) };
        }
        let field = self.field()?;
        let test = self.test(field)?;
        Ok(Condition::Is(field, test))
    }

    fn test(&mut self, field: Field) -> Result<Test, Refusal> {
        if self.is_next("is") {
            self.at += 1;
            let not = self.is_next("not");
            self.at += usize::from(not);
            self.keyword("null")?;
            return Ok(Test::Null(!not));
        }
        let not = self.is_next("not");
        self.at += usize::from(not);
        if self.is_next("in") {
            self.at += 1;
            return Ok(Test::In(self.values(field)?, !not));
        }
        if self.is_next("like") {
            self.at += 1;
            return self.like(field, !not);
        }
        let Some(Word::Sign(sign)) = self.next() else { return Err(self.unexpected()) };
        let sign = *sign;
        let value = self.value(field)?;
        let ordered = matches!(field.holds, Type::Bigint | Type::DateTime);
        match sign {
            "=" => Ok(Test::In(vec![value], true)),
            "!=" => Ok(Test::In(vec![value], false)),
            "<" if ordered => Ok(Test::Less(value, false)),
            "<=" if ordered => Ok(Test::Less(value, true)),
            ">" if ordered => Ok(Test::Greater(value, false)),
            ">=" if ordered => Ok(Test::Greater(value, true)),
            _ => Err(operator(field, sign)),
        }
    }

    fn values(&mut self, field: Field) -> Result<Vec<Cell>, Refusal> {
        if !self.sign("(") {
            return Err(self.unexpected());
        }
        let mut values = vec![self.value(field)?];
        while self.sign(",") {
            values.push(self.value(field)?);
        }
        if !self.sign(")") {
            return Err(self.unexpected());
        }
        if values.len() > MOST_VALUES {
            return Err(Refusal::limit("values of in or not in exceed the maximum", MOST_VALUES));
        }
        Ok(values)
    }

    fn value(&mut self, field: Field) -> Result<Cell, Refusal> {
        let (text, is_text) = match self.next() {
            Some(Word::Text(text)) => (text.clone(), true),
            Some(Word::Number(text)) => (text.clone(), false),
            Some(Word::Name(text)) if field.holds == Type::Boolean => (text.clone(), false),
            _ => return Err(self.unexpected()),
        };
        let number = || text.parse().ok();
        let value = match field.holds {
            Type::Bigint => number().map(Cell::Number),
            Type::Owner | Type::Lookup => number().map(|id| Cell::Lookup(Some(id))),
            Type::DateTime => read_time(&text).map(|at_s| Cell::Time(Some(at_s))),
            Type::Boolean => text.to_lowercase().parse().ok().map(Cell::Bool),
            Type::TextArea | Type::Alarm | Type::Integer | Type::Currency => None,
            Type::Text | Type::Phone | Type::Email | Type::Website | Type::Picklist | Type::Date => {
                is_text.then_some(Cell::Text(Some(text)))
            }
        };
        value.ok_or_else(|| {
            let details = json!({"column_name": field.name, "expected_data_type": field.holds.word()});
            Refusal::query("value given seems to be invalid for the column", details)
        })
    }

    fn like(&mut self, field: Field, wanted: bool) -> Result<Test, Refusal> {
        let of_text = match field.holds {
            Type::Text | Type::Email | Type::Website | Type::Picklist => true,
            Type::Phone => self.like_on_phones,
            _ => false,
        };
        if !of_text {
            return Err(operator(field, "like"));
        }
        let Some(Word::Text(pattern)) = self.next() else { return Err(self.unexpected()) };
        let inner = pattern.trim_start_matches('%');
        let open_start = inner.len() < pattern.len();
        let text = inner.trim_end_matches('%');
        let open_end = text.len() < inner.len();
        let unfit = !wanted && (!open_start || !open_end);
        if text.is_empty() || text.contains('%') || unfit {
            return Err(operator(field, "like"));
        }
        Ok(Test::Like(Like { text: text.to_lowercase(), open_start, open_end }, wanted))
    }
}

fn operator(field: Field, operator: &str) -> Refusal {
    let details = json!({"column_name": field.name, "operator": operator, "data_type": field.holds.word()});
    Refusal::query("invalid query formed", details)
}
