//! Registry policies: what other accounts may do in a registry (A31 to A35).
//!
//! A policy is judged as the service judges it: a statement that denies wins over every statement that allows, and what
//! no statement allows is refused. What the registry's own account may do is not asked of it (A30).
//!
//! Conditions are not evaluated, since the model has nothing that they could ask about. The reading that is safe to plan
//! with is taken: a statement with conditions never allows, and always denies.

use thiserror::Error;

use crate::cloud::regions::Partition;

/// Copies an image here by replication (A31).
pub const REPLICATE_IMAGE: &str = "ecr:ReplicateImage";
/// Makes a repository here (A32).
pub const CREATE_REPOSITORY: &str = "ecr:CreateRepository";
/// Fetches an image into a pull-through cache here.
pub const IMPORT_UPSTREAM_IMAGE: &str = "ecr:BatchImportUpstreamImage";

/// Pulls an image's manifest from here.
pub const BATCH_GET_IMAGE: &str = "ecr:BatchGetImage";
/// Pushes an image's manifest here.
pub const PUT_IMAGE: &str = "ecr:PutImage";

/// The policy of a registry.
#[derive(Clone, Debug, PartialEq)]
pub enum RegistryPolicy {
    /// Every account may copy into it and make repositories.
    Open,
    /// As the service judges these statements; none = nobody else may.
    Statements(Vec<Statement>),
}

/// One statement of a policy. The default is a denial that is about nobody.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statement {
    /// Its name.
    pub sid: Option<String>,
    /// `Allow`, else `Deny`.
    pub allow: bool,
    /// Account ids, or `*`.
    pub accounts: Vec<String>,
    /// It is about all accounts but these (`NotPrincipal`).
    pub not_accounts: bool,
    /// Actions, with `*` and `?`; capitals do not matter.
    pub actions: Vec<String>,
    /// It is about all actions but these (`NotAction`).
    pub not_actions: bool,
    /// Resources, with `*` and `?`.
    pub resources: Vec<String>,
    /// It is about all resources but these (`NotResource`).
    pub not_resources: bool,
    /// It holds only under conditions, which are not evaluated.
    pub conditional: bool,
}

/// Why a policy does not let an account do something.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Denial {
    /// Nothing allows it.
    #[error("no statement of the registry policy allows it")]
    NotAllowed,
    /// A statement denies it.
    #[error("{} of the registry policy denies it", statement_name(*position, sid.as_deref()))]
    Denied {
        /// Position of the statement, from 0.
        position: usize,
        /// Its name.
        sid: Option<String>,
    },
}

/// ``statement `X` ``, or by its number from 1.
fn statement_name(position: usize, sid: Option<&str>) -> String {
    sid.map_or_else(|| format!("statement {}", position + 1), |sid| format!("statement `{sid}`"))
}

impl RegistryPolicy {
    /// Whether an account (its id) may do this to a resource (an ARN).
    ///
    /// # Errors
    /// Why it may not: the first statement that denies it, else that none allows it.
    pub fn judge(&self, account: &str, action: &str, resource: &str) -> Result<(), Denial> {
        let RegistryPolicy::Statements(statements) = self else { return Ok(()) };
        let mut allowed = false;
        for (position, statement) in statements.iter().enumerate() {
            if !statement.is_about(account, action, resource) {
                continue;
            }
            if !statement.allow {
                return Err(Denial::Denied { position, sid: statement.sid.clone() });
            }
            allowed |= !statement.conditional;
        }
        if allowed { Ok(()) } else { Err(Denial::NotAllowed) }
    }

    /// Whether an account (its id) may do this to a resource (an ARN): some statement allows it and none denies it.
    pub fn allows(&self, account: &str, action: &str, resource: &str) -> bool {
        self.judge(account, action, resource).is_ok()
    }
}

impl Statement {
    fn is_about(&self, account: &str, action: &str, resource: &str) -> bool {
        let named = |list: &[String], name: &str| list.iter().any(|pattern| wild(pattern, name));
        let action_named = self.actions.iter().any(|pattern| wild(&pattern.to_lowercase(), &action.to_lowercase()));
        self.accounts.iter().any(|one| one == "*" || one == account) != self.not_accounts
            && action_named != self.not_actions
            && named(&self.resources, resource) != self.not_resources
    }
}

/// The ARN of a repository, by which policies name it.
pub fn repository_arn(partition: Partition, region: &str, account: &str, name: &str) -> String {
    format!("arn:{}:ecr:{region}:{account}:repository/{name}", partition.name())
}

/// Whether a resource pattern can be about any repository of a registry (A33): whether some text that it matches begins
/// like the ARNs of that registry.
pub fn reaches(pattern: &str, partition: Partition, region: &str, account: &str) -> bool {
    let pattern = pattern.as_bytes();
    // Which positions of the pattern can be reached by what has been read so far.
    let mut reached = vec![false; pattern.len() + 1];
    reached[0] = true;
    for byte in repository_arn(partition, region, account, "").bytes() {
        let mut next = vec![false; pattern.len() + 1];
        for (at, expected) in pattern.iter().enumerate() {
            if reached[at] && *expected == b'*' {
                next[at] = true;
                // A `*` may also stand for nothing.
                reached[at + 1] = true;
            } else if reached[at] && (*expected == b'?' || *expected == byte) {
                next[at + 1] = true;
            }
        }
        reached = next;
    }
    // A pattern that is used up names no repository, only what stands before the names.
    reached[..pattern.len()].contains(&true)
}

/// Whole-text match of a pattern in which `*` is any run of characters and `?` any one; texts are ASCII.
fn wild(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    // The last `*`, and where the text goes on after what it stands for so far.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(byte) if *byte == b'?' || *byte == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((at, end)) = star else { return false };
                star = Some((at, end + 1));
                p = at + 1;
                t = end + 1;
            }
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests;
