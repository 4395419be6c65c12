//! Texts of tasks, calls and titles: templates with the call's words in them.

use std::{fmt, sync::Arc};

use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

/// Steps of the template engine for one text: more than any text needs, few enough that none of them holds up a worker.
const FUEL: u64 = 10_000;
/// A text that was made, at most; vendors take less.
const MOST_BYTES: usize = 16_384;

/// The words a template may use, under `call`; of a form they say who filled it in.
///
/// # Shape
/// `{{ call.caller }}`, `{{ call.answered_by }}` …; what is not known is empty.
///
/// # Units
/// `talk_s`, `wait_s`, `total_s`: seconds. `started`: the project's own time, `2026-11-27 17:05`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Words {
    /// The call's id.
    pub id: String,
    /// `in` or `out`.
    pub direction: String,
    /// The telephone system's word for how it ended.
    pub status: String,
    /// The client's number, international: `+380671112233`.
    pub caller: String,
    /// The client's name, where it is known.
    pub name: String,
    /// The client's name, else their number, else their e-mail.
    pub who: String,
    /// The client's e-mail.
    pub email: String,
    /// The company's number.
    pub company: String,
    /// The number that was dialled.
    pub dialled: String,
    /// Who answered or made it: the employee's name, else the SIP login or number.
    pub answered_by: String,
    /// The SIP login or number that answered or made it.
    pub line: String,
    /// When it began.
    pub started: String,
    /// How long both spoke.
    pub talk_s: u64,
    /// How long the client waited.
    pub wait_s: u64,
    /// All of it.
    pub total_s: u64,
    /// The recording's link.
    pub recording: String,
    /// Where the client came from.
    pub utm_source: String,
    /// See `utm_source`.
    pub utm_medium: String,
    /// See `utm_source`.
    pub utm_campaign: String,
    /// See `utm_source`.
    pub utm_term: String,
    /// See `utm_source`.
    pub utm_content: String,
    /// The client's id at the site's counter.
    pub client_id: String,
    /// What a form says.
    #[serde(skip)]
    pub form: FormWords,
}

/// The words a template of a form's row may use, under `form`, beside those of [`Words`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FormWords {
    /// What was filled in, a line for each field: `name: value`.
    pub fields: String,
}

/// A template that has been tried: it names nothing that is not there.
#[derive(Clone)]
pub struct Template {
    source: Arc<str>,
    environment: Arc<Environment<'static>>,
}

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TemplateError(String);

/// The only template of an environment.
const NAME: &str = "text";

impl Template {
    /// Reads a template and tries it.
    ///
    /// # Errors
    /// What is wrong with it: its grammar, or a word that does not exist.
    pub fn new(source: &str) -> Result<Self, TemplateError> {
        let mut environment = Environment::empty();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.add_template_owned(NAME, source.to_owned()).map_err(|error| said(&error))?;
        let template = Self { source: source.into(), environment: Arc::new(environment) };
        template.rendered(&Words::default())?;
        Ok(template)
    }

    /// The text as it was written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The text with the call's words in it, without blanks at its ends.
    ///
    /// # Errors
    /// None for a template that names only [`Words`]; one that runs away on some call says so.
    pub fn rendered(&self, words: &Words) -> Result<String, TemplateError> {
        #[derive(Serialize)]
        struct Context<'a> {
            call: &'a Words,
            form: &'a FormWords,
        }
        let template = self.environment.get_template(NAME).map_err(|error| said(&error))?;
        let text = template
            .render(minijinja::value::Serde(Context { call: words, form: &words.form }))
            .map_err(|error| said(&error))?;
        let text = text.trim();
        let end = (0..=MOST_BYTES.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        Ok(text[..end].to_owned())
    }
}

fn said(error: &minijinja::Error) -> TemplateError {
    let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    TemplateError(format!("{}{detail}", error.kind()))
}

impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Template {}

impl fmt::Debug for Template {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Template({:?})", self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::{Template, Words};

    #[test]
    fn a_text_holds_the_calls_words() {
        let template = Template::new("Call back {{ call.who }}{% if call.line %} ({{ call.line }}){% endif %} ")
            .expect("a template");
        let words = Words { who: "Anna <b>".to_owned(), line: "acme_anna".to_owned(), ..Words::default() };
        assert_eq!(template.rendered(&words).as_deref(), Ok("Call back Anna <b> (acme_anna)"));
        let words = Words { who: "+380".to_owned(), ..Words::default() };
        assert_eq!(template.rendered(&words).as_deref(), Ok("Call back +380"));
    }

    #[test]
    fn a_word_that_does_not_exist_is_refused_when_it_is_read() {
        for text in ["{{ call.colour }}", "{{ caller }}", "{{ call.caller", "{% for a in call %}"] {
            let error = Template::new(text).expect_err(text).to_string();
            assert!(error.len() > 5, "{error}");
        }
    }

    #[test]
    fn a_text_that_never_ends_is_refused() {
        Template::new("{% for a in range(100000) %}{{ a }}{% endfor %}").expect_err("too long");
    }
}
