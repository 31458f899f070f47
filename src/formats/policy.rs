//! A registry policy, as `put-registry-policy` takes it and as `get-registry-policy` prints it (facts A31 to A35).
//!
//! What no policy may say is refused where it stands: unknown and missing keys, wrong kinds, malformed principals,
//! actions and resources, a text that is too long. What a policy may say but the model cannot judge is warned of, with
//! what is done instead: conditions, policy variables, and principals other than whole accounts.

use std::ops::Range;

use super::Problem;
use super::json::{Json, Value};
use super::strict::{Document, Placed, Strict, document};
use crate::formats::nearest;
use crate::registry::names::is_account_id;
use crate::registry::policy::{CREATE_REPOSITORY, IMPORT_UPSTREAM_IMAGE, REPLICATE_IMAGE, Statement};

/// Characters of a policy, at most (A34).
pub const MOST_CHARACTERS: usize = 10_240;

/// A policy that the service would take.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Its statements.
    pub statements: Vec<Statement>,
    /// Every resource that some statement is about, and where it stands.
    pub resources: Vec<Placed<String>>,
    /// What is not judged as written.
    pub warnings: Vec<Problem>,
}

const VERSIONS: [(&str, ()); 2] = [("2012-10-17", ()), ("2008-10-17", ())];
const KEYS: [&str; 9] =
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];
/// An action, a principal, a resource as they are written.
const ACTION_FORM: &str = "such as \"ecr:ReplicateImage\" or \"ecr:*\"";
const PRINCIPAL_FORM: &str = "such as \"*\", \"111122223333\" or \"arn:aws:iam::111122223333:root\"";
const RESOURCE_FORM: &str = "such as \"*\" or \"arn:aws:ecr:us-east-1:444455556666:repository/prod/*\"";

/// Reads a policy.
///
/// # Errors
/// Every problem of the file, in file order (of problems of syntax only the first).
pub fn read(text: &str) -> Result<Policy, Vec<Problem>> {
    judge(&document(text, "policyText").map_err(|problem| vec![problem])?)
}

/// Reads a policy out of a document.
///
/// # Errors
/// As [`read`].
pub fn judge(document: &Document) -> Result<Policy, Vec<Problem>> {
    let mut reader = Reader { strict: Strict::new("facts A31 to A33"), resources: Vec::new() };
    if document.characters > MOST_CHARACTERS {
        let message = format!("{} characters; the service takes at most 10,240 in a policy", document.characters);
        reader.strict.problem(&(document.json.span.start..document.json.span.start + 1), message, "fact A34");
    }
    let statements = reader.policy(&document.json);
    let warnings = reader.strict.finish()?;
    Ok(Policy { statements, resources: reader.resources, warnings })
}

struct Reader {
    strict: Strict,
    resources: Vec<Placed<String>>,
}

impl Reader {
    fn policy(&mut self, json: &Json) -> Vec<Statement> {
        self.strict.object(json, "a policy", &["Version", "Id", "Statement"], &["Statement"]);
        if let Some(version) = json.get("Version") {
            self.strict.word(version, "Version", &VERSIONS);
        }
        if let Some(id) = json.get("Id") {
            self.strict.text(id, "Id");
        }
        let Some(statements) = json.get("Statement") else { return Vec::new() };
        match &statements.value {
            Value::List(items) => items.iter().map(|item| self.statement(item)).collect(),
            // One statement may stand without its list.
            _ => vec![self.statement(statements)],
        }
    }

    fn statement(&mut self, json: &Json) -> Statement {
        let mut statement = Statement::default();
        if self.strict.object(json, "a statement", &KEYS, &["Effect"]).is_empty() {
            return statement;
        }
        statement.sid = json.get("Sid").and_then(|sid| self.strict.text(sid, "Sid")).map(|sid| sid.value);
        let effects = [("Allow", true), ("Deny", false)];
        let effect = json.get("Effect").and_then(|effect| self.strict.word(effect, "Effect", &effects));
        statement.allow = effect.unwrap_or(false);
        if let Some((principals, not)) = self.one_of(json, "Principal", "NotPrincipal") {
            statement.not_accounts = not;
            statement.accounts = self.principals(principals);
        }
        if let Some((actions, not)) = self.one_of(json, "Action", "NotAction") {
            statement.not_actions = not;
            let actions = self.strict.texts(actions, if not { "NotAction" } else { "Action" });
            statement.actions = actions.into_iter().map(|action| self.action(action)).collect();
        }
        if let Some((resources, not)) = self.one_of(json, "Resource", "NotResource") {
            statement.not_resources = not;
            let resources = self.strict.texts(resources, if not { "NotResource" } else { "Resource" });
            for resource in &resources {
                self.resource(resource, statement.allow, &mut statement.conditional);
            }
            statement.resources = resources.iter().map(|resource| resource.value.clone()).collect();
            if !not {
                self.resources.extend(resources);
            }
        }
        if let Some(condition) = json.get("Condition")
            && !self.strict.object_of_any(condition, "Condition").is_empty()
        {
            self.unjudged(&condition.span, "conditions are not judged", statement.allow);
            statement.conditional = true;
        }
        statement
    }

    /// The value of a key or of its opposite, of which a statement has exactly one.
    fn one_of<'a>(&mut self, json: &'a Json, key: &str, opposite: &str) -> Option<(&'a Json, bool)> {
        match (json.get(key), json.get(opposite)) {
            (Some(_), Some(other)) => {
                let message = format!("`{key}` and `{opposite}` exclude each other; keep one");
                self.strict.problem(&other.span, message, "");
                None
            }
            (None, None) => {
                self.strict.problem(&json.span, format!("a statement needs `{key}`"), "facts A31 to A33");
                None
            }
            (Some(value), None) => Some((value, false)),
            (None, Some(value)) => Some((value, true)),
        }
    }

    /// Says that something is not judged, and what is done instead.
    fn unjudged(&mut self, span: &Range<usize>, what: &str, allow: bool) {
        let reading = if allow { "this statement never allows" } else { "this statement always denies" };
        self.strict.warning(span, format!("{what}: {reading} here"), "the reading that is safe to plan with");
    }

    /// Account ids, or `*`; what cannot be the account that replicates is left out.
    fn principals(&mut self, json: &Json) -> Vec<String> {
        let Value::Object(members) = &json.value else {
            return match self.strict.text(json, "Principal") {
                Some(text) if text.value == "*" => vec!["*".into()],
                Some(text) => {
                    let message = format!("the principal `{}` stands in an object", text.value);
                    let mend = format!("{{\"AWS\": \"{}\"}}, or \"*\" for everyone", text.value);
                    self.strict.problem(&text.span, message, mend);
                    Vec::new()
                }
                None => Vec::new(),
            };
        };
        self.strict.object(json, "a principal", &["AWS", "Service", "Federated", "CanonicalUser"], &[]);
        let mut accounts = Vec::new();
        for member in members {
            let names = self.strict.texts(&member.value, &member.key);
            for name in names {
                if member.key == "AWS" {
                    accounts.extend(self.account(&name));
                } else {
                    self.no_account(&name);
                }
            }
        }
        accounts
    }

    /// The account that a principal stands for as a whole.
    fn account(&mut self, principal: &Placed<String>) -> Option<String> {
        let text = principal.value.as_str();
        if text == "*" || is_account_id(text) {
            return Some(text.to_string());
        }
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        match parts.as_slice() {
            ["arn", partition, "iam", "", id, "root"] if partition.starts_with("aws") && is_account_id(id) => {
                return Some(id.to_string());
            }
            ["arn", partition, "iam" | "sts", "", id, who]
                if partition.starts_with("aws")
                    && is_account_id(id)
                    && !who.contains('*')
                    && who.split_once('/').is_some_and(|(kind, name)| !kind.is_empty() && !name.is_empty()) =>
            {
                self.no_account(principal);
            }
            _ => {
                let message = format!("`{text}` is no principal");
                self.strict.problem(&principal.span, message, PRINCIPAL_FORM);
            }
        }
        None
    }

    fn no_account(&mut self, principal: &Placed<String>) {
        let message = format!("`{}` is not the account itself, which replicates", principal.value);
        let label = "copies come from the account's service-linked role: name the account (facts A30, A33)";
        self.strict.warning(&principal.span, message, label);
    }

    fn action(&mut self, action: Placed<String>) -> String {
        let text = action.value;
        match text.split_once(':') {
            None if text == "*" => {}
            Some((service, name)) if service.eq_ignore_ascii_case("ecr") && !name.is_empty() => {
                let known = [REPLICATE_IMAGE, CREATE_REPOSITORY, IMPORT_UPSTREAM_IMAGE];
                if !known.iter().any(|known| known.eq_ignore_ascii_case(&text))
                    && let Some(near) = nearest(&text, known)
                {
                    self.strict.warning(
                        &action.span,
                        format!("no action `{text}`, did you mean `{near}`?"),
                        "fact A31",
                    );
                }
            }
            Some((service, name)) if !service.is_empty() && !name.is_empty() => {
                let message = format!("`{text}` has no meaning for a registry, which knows only `ecr:` actions");
                self.strict.warning(&action.span, message, ACTION_FORM);
            }
            _ => self.strict.problem(&action.span, format!("`{text}` is no action"), ACTION_FORM),
        }
        text
    }

    fn resource(&mut self, resource: &Placed<String>, allow: bool, conditional: &mut bool) {
        let text = resource.value.as_str();
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let fits = |part: &str, word: &str| part == word || part.contains(['*', '?']);
        let fault = match parts.as_slice() {
            _ if text.contains("${") => {
                self.unjudged(&resource.span, "policy variables are not judged", allow);
                *conditional = true;
                return;
            }
            ["*"] => None,
            [first, ..] if !fits(first, "arn") => Some("it begins with `arn:`"),
            [_, partition, ..] if !partition.starts_with("aws") && !partition.contains(['*', '?']) => {
                Some("a partition is called `aws` or `aws-us-gov`")
            }
            [_, _, service, ..] if !fits(service, "ecr") => Some("its service is `ecr`"),
            [_, _, _, region, account, name] => match (region.is_empty() || account.is_empty(), name) {
                (true, _) => Some("it names a region and an account"),
                (false, name) if !name.starts_with("repository/") && !name.contains(['*', '?']) => {
                    Some("it names a repository: `repository/..`")
                }
                _ if !is_account_id(account) && !account.contains(['*', '?']) => Some("its account is twelve digits"),
                _ => None,
            },
            // A `*` at the end stands for all that would follow.
            _ if text.ends_with('*') => None,
            _ => Some("parts are missing"),
        };
        if let Some(fault) = fault {
            self.strict.problem(&resource.span, format!("`{text}` is no ECR resource: {fault}"), RESOURCE_FORM);
        }
    }
}

#[cfg(test)]
mod tests;
