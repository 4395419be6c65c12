//! How long functions are, how many parameters they take, and what things are called: from the syntax tree.

use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{Attribute, Block, FnArg, Signature};

use super::finding::Finding;

/// Rows of a function, from its `fn` to its closing brace.
const MAX_ROWS: usize = 60;
/// Parameters of a function, `self` not counted.
const MAX_PARAMETERS: usize = 5;
/// Words that say nothing of what a thing is for.
const EMPTY_WORDS: [&str; 8] = ["util", "utils", "common", "helper", "helpers", "manager", "managers", "utilities"];

/// The findings in one file, what is compiled for tests only left out.
pub(crate) fn check(path: &str, text: &str) -> Vec<Finding> {
    let mut visitor = Functions { path, findings: Vec::new() };
    match syn::parse_file(text) {
        Ok(file) => visitor.visit_file(&file),
        Err(error) => visitor.findings.push(Finding::new(path, error.span().start().line, error.to_string())),
    }
    visitor.findings
}

/// The empty word in `name`, if there is one. The *top manager* is a word of the field.
pub(crate) fn empty_word(name: &str) -> Option<&'static str> {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    let snake = snake.replace("top_manager", "");
    EMPTY_WORDS.into_iter().find(|&empty| snake.split('_').any(|word| word == empty))
}

struct Functions<'a> {
    path: &'a str,
    findings: Vec<Finding>,
}

impl Functions<'_> {
    fn function(&mut self, signature: &Signature, body: Option<&Block>) {
        let row = signature.span().start().line;
        let name = &signature.ident;
        let parameters = signature.inputs.iter().filter(|input| matches!(input, FnArg::Typed(_))).count();
        if parameters > MAX_PARAMETERS {
            let reason = format!("expected at most {MAX_PARAMETERS} parameters, found {parameters} in {name}");
            self.findings.push(Finding::new(self.path, row, reason));
        }
        let rows = body.map_or(0, |body| body.span().end().line + 1 - row);
        if rows > MAX_ROWS {
            let reason = format!("expected at most {MAX_ROWS} rows, found {rows} in {name}");
            self.findings.push(Finding::new(self.path, row, reason));
        }
        self.name(name);
    }

    fn name(&mut self, name: &syn::Ident) {
        if let Some(word) = empty_word(&name.to_string()) {
            let reason = format!("expected a name that says what it is for, found {word} in {name}");
            self.findings.push(Finding::new(self.path, name.span().start().line, reason));
        }
    }
}

impl<'ast> Visit<'ast> for Functions<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !for_tests(&item.attrs) {
            self.function(&item.sig, Some(&item.block));
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !for_tests(&item.attrs) {
            self.function(&item.sig, Some(&item.block));
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.function(&item.sig, item.default.as_ref());
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if !for_tests(&item.attrs) {
            visit::visit_item_impl(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !for_tests(&item.attrs) {
            self.name(&item.ident);
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.name(&item.ident);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.name(&item.ident);
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.name(&item.ident);
        visit::visit_item_trait(self, item);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.name(&item.ident);
    }
}

/// Whether an item is compiled for tests only.
fn for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let mut test = attribute.path().is_ident("test");
        if attribute.path().is_ident("cfg") {
            test |= attribute.parse_args::<syn::Path>().is_ok_and(|argument| argument.is_ident("test"));
        }
        test
    })
}
