//! What configuration files of the service and of the tools around it say, whatever their form: replication rules,
//! repositories, lifecycle and registry policies, cache rules and creation templates, each with its place in the file.
//!
//! A file's form is told by what is in it, not by its name. What a file leaves open (an account, a region, a parameter)
//! is taken from [`Settings`]; what cannot be resolved is a [`Problem`] at its place, and never guessed.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::ops::Range;

use super::json::{self, Json, Value};
use super::policy::Policy;
use super::replication::Rule;
use super::strict::{Document, Placed};
use super::{MOST_PROBLEMS, Problem};
use crate::registry::{LifecyclePolicy, Mutability};

mod cloudformation;
mod describe;
mod inner;
mod resolve;
mod terraform;
pub mod yaml;

/// The most bytes of a file that is read as YAML.
pub const MOST_YAML: usize = 10_000_000;
/// The most bytes of a file that is read as JSON; plans of large estates are long.
pub const MOST_JSON: usize = 64_000_000;

/// Problems that are held while a file is read.
const MOST_HELD: usize = 1_000;

/// What files leave open, and who reads them says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The account whose registry the files are about, where they do not say.
    pub account: Option<String>,
    /// Its region.
    pub region: Option<String>,
    /// Values of templates' parameters, by name.
    pub parameters: BTreeMap<String, String>,
}

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As `put-replication-configuration` takes it.
    Replication,
    /// As `describe-registry` prints it.
    Registry,
    /// As `put-registry-policy` takes it, or `get-registry-policy` prints it.
    RegistryPolicy,
    /// As `put-lifecycle-policy` takes it, or `get-lifecycle-policy` prints it.
    LifecyclePolicy,
    /// A template.
    CloudFormation,
    /// As `terraform show -json` prints a plan or a state.
    Terraform,
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Form::Replication => "a replication configuration",
            Form::Registry => "the output of `describe-registry`",
            Form::RegistryPolicy => "a registry policy",
            Form::LifecyclePolicy => "a lifecycle policy",
            Form::CloudFormation => "a CloudFormation template",
            Form::Terraform => "the output of `terraform show -json`",
        })
    }
}

/// Whose registry something is about, as far as the file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Home {
    /// Twelve digits.
    pub account: Option<Placed<String>>,
    /// A region's code.
    pub region: Option<Placed<String>>,
}

/// The replication configuration of a registry.
#[derive(Clone, Debug)]
pub struct Replication {
    /// Of which registry.
    pub home: Home,
    /// Where it stands.
    pub span: Range<usize>,
    /// Its rules.
    pub rules: Vec<Rule>,
}

/// A repository.
#[derive(Clone, Debug)]
pub struct NativeRepository {
    /// In which registry.
    pub home: Home,
    /// Its name.
    pub name: Placed<String>,
    /// `None` = not said, so mutable (A39).
    pub mutability: Option<Mutability>,
}

/// A lifecycle policy.
#[derive(Clone, Debug)]
pub struct NativeLifecycle {
    /// In which registry.
    pub home: Home,
    /// Of which repository; `None` = the file does not say.
    pub repository: Option<Placed<String>>,
    /// Where it stands.
    pub span: Range<usize>,
    /// Its text.
    pub text: String,
    /// What it means.
    pub policy: LifecyclePolicy,
}

/// A registry policy.
#[derive(Clone, Debug)]
pub struct NativePolicy {
    /// Of which registry.
    pub home: Home,
    /// Where it stands.
    pub span: Range<usize>,
    /// Its text.
    pub text: String,
    /// What it means.
    pub policy: Policy,
}

/// A pull-through cache rule.
#[derive(Clone, Debug)]
pub struct CacheRule {
    /// In which registry.
    pub home: Home,
    /// Where it stands.
    pub span: Range<usize>,
    /// What names of cached repositories begin with; `ROOT` = nothing.
    pub prefix: Placed<String>,
    /// The upstream registry's host.
    pub upstream: Placed<String>,
    /// What names at the upstream begin with (A83); `None` and `ROOT` = nothing.
    pub upstream_prefix: Option<Placed<String>>,
}

/// A repository creation template.
#[derive(Clone, Debug)]
pub struct NativeTemplate {
    /// In which registry.
    pub home: Home,
    /// Where it stands.
    pub span: Range<usize>,
    /// A prefix with an implied `/`, or `ROOT`.
    pub prefix: Placed<String>,
    /// Of repositories made from it.
    pub mutability: Option<Mutability>,
    /// Of repositories made from it: text and meaning.
    pub lifecycle: Option<(String, LifecyclePolicy)>,
    /// It is applied to repositories that replication makes.
    pub for_replication: bool,
    /// It is applied to repositories that a cache makes.
    pub for_cache: bool,
}

/// What a file says.
#[derive(Clone, Debug, Default)]
pub struct Native {
    /// Replication configurations; an empty one removes all rules (A3).
    pub replications: Vec<Replication>,
    /// Repositories.
    pub repositories: Vec<NativeRepository>,
    /// Lifecycle policies.
    pub lifecycles: Vec<NativeLifecycle>,
    /// Registry policies.
    pub policies: Vec<NativePolicy>,
    /// Cache rules.
    pub caches: Vec<CacheRule>,
    /// Creation templates.
    pub templates: Vec<NativeTemplate>,
    /// What is read but not modelled, or hardly means what it says.
    pub warnings: Vec<Problem>,
    /// Parameters that the file has.
    pub parameters: Vec<String>,
}

/// What reading found wrong, and the form that the file was taken for.
#[derive(Debug)]
pub struct Failure {
    /// `None` = of no known form.
    pub form: Option<Form>,
    /// In file order.
    pub problems: Vec<Problem>,
}

/// The text of a file's bytes.
///
/// # Errors
/// Why they are no text, in words that can follow the file's name.
pub fn decode(bytes: Vec<u8>) -> Result<String, String> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err("is UTF-16 text, as PowerShell's `>` writes it; save it as UTF-8".into());
    }
    // Such files begin with characters that UTF-8 writes in a byte each.
    if matches!(bytes.as_slice(), [0, 1..=255, ..] | [1..=255, 0, ..]) {
        return Err("is UTF-16 text; save it as UTF-8".into());
    }
    String::from_utf8(bytes)
        .map_err(|error| format!("is not UTF-8 text: the byte at offset {} is none", error.utf8_error().valid_up_to()))
}

/// Reads a file of any form.
///
/// # Errors
/// Every problem of the file, in file order.
pub fn read(text: &str, settings: &Settings) -> Result<(Form, Native), Failure> {
    let json = tree(text).map_err(|problem| Failure { form: None, problems: vec![problem] })?;
    let form = form(&json).map_err(|problem| Failure { form: None, problems: vec![problem] })?;
    read_tree(text, &json, form, settings)
}

/// Reads a file that holds more than one document of the service; `None` = it is none, or not even readable.
pub fn read_larger(text: &str, settings: &Settings) -> Option<Result<(Form, Native), Failure>> {
    let json = tree(text).ok()?;
    let form =
        form(&json).ok().filter(|form| matches!(form, Form::Registry | Form::CloudFormation | Form::Terraform))?;
    Some(read_tree(text, &json, form, settings))
}

fn read_tree(text: &str, json: &Json, form: Form, settings: &Settings) -> Result<(Form, Native), Failure> {
    let mut gathered = Gathered::new(text);
    match form {
        Form::CloudFormation => cloudformation::read(json, settings, &mut gathered),
        Form::Terraform => terraform::read(json, &mut gathered),
        _ => describe::read(json, form, &mut gathered),
    }
    let Gathered { native, mut problems, unresolved, .. } = gathered;
    // What is wrong with a value that could not be resolved has been said.
    problems.retain(|(problem, resolving)| *resolving || !unresolved.contains(&problem.span));
    let mut problems: Vec<Problem> = problems.into_iter().map(|(problem, _)| problem).collect();
    if problems.is_empty() {
        return Ok((form, native));
    }
    problems.sort_by_key(|problem| problem.span.start);
    problems.dedup();
    problems.truncate(MOST_PROBLEMS);
    Err(Failure { form: Some(form), problems })
}

/// The values of a text: JSON if it begins like it, else YAML.
fn tree(text: &str) -> Result<Json, Problem> {
    let too_long = |most: usize| {
        let message = format!("{} MB; at most {} MB are read", text.len() / 1_000_000, most / 1_000_000);
        Problem::new(0..0, message, "")
    };
    let body = text.trim_start_matches('\u{feff}').trim_start();
    if body.starts_with(['{', '[']) {
        return if text.len() > MOST_JSON { Err(too_long(MOST_JSON)) } else { json::parse(text) };
    }
    if text.len() > MOST_YAML {
        return Err(too_long(MOST_YAML));
    }
    let hcl = |line: &str| line.starts_with("resource \"") || line.starts_with("terraform {");
    if let Some(line) = text.lines().find(|line| hcl(line)) {
        let at = line.as_ptr() as usize - text.as_ptr() as usize;
        let message = "this is Terraform's source, whose values are not worked out";
        return Err(Problem::new(at..at + line.len(), message, "give the output of `terraform show -json`"));
    }
    yaml::parse(text)
}

/// The form of a tree.
fn form(json: &Json) -> Result<Form, Problem> {
    let has = |key: &str| json.get(key).is_some();
    let first_rule = match json.get("rules").map(|rules| &rules.value) {
        Some(Value::List(rules)) => rules.first(),
        _ => None,
    };
    let lifecycle = |rule: &Json| ["rulePriority", "selection", "action"].iter().any(|key| rule.get(key).is_some());
    if has("Resources") || has("AWSTemplateFormatVersion") {
        Ok(Form::CloudFormation)
    } else if has("planned_values") || has("format_version") {
        Ok(Form::Terraform)
    } else if has("replicationConfiguration") {
        Ok(Form::Registry)
    } else if has("lifecyclePolicyText") || first_rule.is_some_and(lifecycle) {
        Ok(Form::LifecyclePolicy)
    } else if has("policyText") || has("Statement") {
        Ok(Form::RegistryPolicy)
    } else if has("rules") {
        Ok(Form::Replication)
    } else {
        Err(unknown(json))
    }
}

/// Why a tree is of no form that is known.
fn unknown(json: &Json) -> Problem {
    let has = |key: &str| json.get(key).is_some();
    let span = json.span.start..(json.span.start + 1).min(json.span.end);
    let (found, mend) = if has("lineage") && has("serial") {
        ("this is a state as Terraform stores it", "give the output of `terraform show -json`")
    } else if has("errorMessage") || has("__type") {
        ("this is an error that the service answered", "")
    } else if is_of_a_template(json) {
        ("this is a part of a CloudFormation template", "write `Resources:` above, and these resources below it")
    } else {
        (
            "nothing is recognised here",
            "known: replication configuration, `describe-registry`, registry and lifecycle policies, CloudFormation, \
             `terraform show -json`",
        )
    };
    let found = match &json.value {
        Value::Object(_) => found.to_string(),
        _ => format!("nothing is recognised here: {} and no object", json.kind()),
    };
    Problem::new(span, found, mend)
}

/// Whether a tree holds resources as they stand in a template.
fn is_of_a_template(json: &Json) -> bool {
    let Value::Object(members) = &json.value else { return false };
    resolve::kind(json).starts_with("AWS::")
        || members.iter().any(|member| resolve::kind(&member.value).starts_with("AWS::"))
}

/// What is gathered from a file.
struct Gathered<'a> {
    text: &'a str,
    native: Native,
    /// Problems, and whether each says that something cannot be resolved.
    problems: Vec<(Problem, bool)>,
    /// Places of values that could not be resolved.
    unresolved: HashSet<Range<usize>>,
}

impl<'a> Gathered<'a> {
    fn new(text: &'a str) -> Gathered<'a> {
        Gathered { text, native: Native::default(), problems: Vec::new(), unresolved: HashSet::new() }
    }

    fn wrong(&mut self, span: &Range<usize>, message: impl Into<String>, label: impl Into<String>) {
        self.problems.push((Problem::new(span.clone(), message, label), false));
    }

    /// The value at `hole` cannot be resolved, for what stands at `span`.
    fn unresolved(&mut self, hole: &Range<usize>, span: &Range<usize>, message: String, label: &str) {
        if self.problems.len() < MOST_HELD {
            self.problems.push((Problem::new(span.clone(), message, label), true));
        }
        self.unresolved.insert(hole.clone());
    }

    fn warn(&mut self, span: &Range<usize>, message: impl Into<String>, label: impl Into<String>) {
        self.native.warnings.push(Problem::new(span.clone(), message, label));
    }

    /// What a reader made of a part, or its problems.
    fn keep<T>(&mut self, read: Result<T, Vec<Problem>>) -> Option<T> {
        read.map_err(|problems| self.problems.extend(problems.into_iter().map(|problem| (problem, false)))).ok()
    }

    /// A lifecycle policy: its text and its meaning.
    fn lifecycle(&mut self, document: &Document) -> Option<(String, LifecyclePolicy)> {
        let read = self.keep(super::lifecycle::judge(document))?;
        self.native.warnings.extend(read.warnings);
        Some((document.text.clone(), read.policy))
    }

    /// A registry policy.
    fn policy(&mut self, document: &Document, home: Home) {
        let Some(mut policy) = self.keep(super::policy::judge(document)) else { return };
        self.native.warnings.append(&mut policy.warnings);
        let span = document.json.span.clone();
        self.native.policies.push(NativePolicy { home, span, text: document.text.clone(), policy });
    }
}

#[cfg(test)]
mod tests;
