//! `sandbox pbx`: calls placed by hand.

use std::{io, io::Write, net::SocketAddr, time::Duration};

use clap::{Args, ValueEnum};
use sandbox::pbx::{AnswerForm, Ask, Form, Id, Pbx, Token};
use serde_json::json;

pub(crate) const EXAMPLES: &str = "\
Examples:
  cargo run -p sandbox -- pbx --to 127.0.0.1:8080 --path /acme/route/sales --token secret --caller 380442001001
  cargo run -p sandbox -- pbx --to 127.0.0.1:8080 --path /acme/route/sales --token secret --caller 380442001001 \\
       --form json-rpc --caller-field callers_number --answer json --answer-field destination --trace
  cargo run -p sandbox -- pbx --to 127.0.0.1:8080 --path /acme/route/sales --token secret --caller 380442001001 --all";

#[derive(Args)]
pub(crate) struct PbxArgs {
    /// Where predial's edge door is.
    #[arg(long, default_value = "127.0.0.1:8080")]
    to: SocketAddr,
    /// The path of the block.
    #[arg(long, default_value = "/acme/route/sales")]
    path: String,
    /// The project's token.
    #[arg(long)]
    token: Option<String>,
    /// Where the token stands.
    #[arg(long, value_enum, default_value = "query")]
    token_in: TokenIn,
    /// The number that calls.
    #[arg(long)]
    caller: String,
    /// What the customer named the caller's parameter.
    #[arg(long, default_value = "caller")]
    caller_field: String,
    /// Further parameters, NAME=VALUE.
    #[arg(long = "field", value_parser = pair)]
    fields: Vec<(String, String)>,
    /// How the parameters travel.
    #[arg(long, value_enum, default_value = "query")]
    form: FormWord,
    /// All four forms, one after the other.
    #[arg(long)]
    all: bool,
    /// Another method than the form's own.
    #[arg(long)]
    method: Option<String>,
    /// The form that the answer is expected in.
    #[arg(long, value_enum, default_value = "json")]
    answer: AnswerWord,
    /// The member that carries the destination.
    #[arg(long, default_value = "destination")]
    answer_field: String,
    /// How long the telephone system waits.
    #[arg(long, default_value_t = 5_000)]
    timeout_ms: u64,
    /// How many times.
    #[arg(long, default_value_t = 1)]
    times: u32,
    /// Asks for the trace headers, too, and prints them.
    #[arg(long)]
    trace: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum TokenIn {
    Query,
    Bearer,
    Basic,
}

#[derive(Clone, Copy, ValueEnum)]
enum FormWord {
    Query,
    Form,
    Json,
    JsonRpc,
}

#[derive(Clone, Copy, ValueEnum)]
enum AnswerWord {
    Plain,
    Json,
    JsonRpc,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    pair.ok_or_else(|| format!("expected NAME=VALUE, found {text:?}"))
}

/// Places the calls and prints a line for each; says whether every one was answered in a usable way.
pub(crate) async fn run(args: &PbxArgs) -> io::Result<bool> {
    let forms = match (args.all, args.form) {
        (true, _) => Form::ALL.to_vec(),
        (false, FormWord::Query) => vec![Form::Query],
        (false, FormWord::Form) => vec![Form::Form],
        (false, FormWord::Json) => vec![Form::Json],
        (false, FormWord::JsonRpc) => vec![Form::JsonRpc],
    };
    let pbx = Pbx::new(args.to).patience(Duration::from_millis(args.timeout_ms));
    let mut usable = true;
    for _ in 0..args.times {
        for &form in &forms {
            usable &= call(&pbx, args, form).await?;
        }
    }
    Ok(usable)
}

async fn call(pbx: &Pbx, args: &PbxArgs, form: Form) -> io::Result<bool> {
    let ask = question(args, form);
    let mut out = io::stdout();
    let word = form.word();
    let heard = match pbx.ask(&ask).await {
        Ok(heard) => heard,
        Err(problem) => {
            writeln!(out, "{word:8} {} no answer: {problem}", args.caller)?;
            return Ok(false);
        }
    };
    let destination = heard.destination(&expected(args, &ask));
    let said = match &destination {
        Ok(Some(destination)) => destination.clone(),
        Ok(None) => "(nobody)".to_owned(),
        Err(problem) => problem.to_string(),
    };
    let took_ms = heard.took.as_secs_f64() * 1_000.0;
    writeln!(out, "{word:8} {} {} {said} {took_ms:.2} ms", args.caller, heard.status)?;
    for (name, value) in heard.headers.iter().filter(|(name, _)| name.starts_with("x-predial-")) {
        writeln!(out, "         {name}: {value}")?;
    }
    Ok(destination.is_ok())
}

fn question(args: &PbxArgs, form: Form) -> Ask {
    let mut ask = Ask::new(form, &args.path).field(&args.caller_field, &args.caller);
    ask.fields.extend(args.fields.iter().cloned());
    ask.token = args.token.clone().map(|token| match args.token_in {
        TokenIn::Query => Token::Query(token),
        TokenIn::Bearer => Token::Bearer(token),
        TokenIn::Basic => Token::Basic(token),
    });
    if let Some(method) = &args.method {
        ask.method.clone_from(method);
    }
    if args.trace {
        ask = ask.header("x-predial-trace", "1");
    }
    ask
}

fn expected(args: &PbxArgs, ask: &Ask) -> AnswerForm {
    let field = args.answer_field.clone();
    match args.answer {
        AnswerWord::Plain => AnswerForm::Plain,
        AnswerWord::Json => AnswerForm::Json { field },
        AnswerWord::JsonRpc => {
            let id = match &ask.id {
                Id::Present(id) if ask.form == Form::JsonRpc => id.clone(),
                _ => json!(null),
            };
            AnswerForm::JsonRpc { field: Some(field), id }
        }
    }
}
