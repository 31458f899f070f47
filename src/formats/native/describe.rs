//! The service's own documents, as its calls take them and as they print them.

use super::{Form, Gathered, Home, Json, NativeLifecycle, NativeRepository, Replication, inner};
use crate::formats::replication::{self, SERVICE};
use crate::formats::strict::{Document, Placed, Strict};

/// Reads a document.
pub fn read(json: &Json, form: Form, gathered: &mut Gathered<'_>) {
    match form {
        Form::Registry => registry(json, gathered),
        Form::RegistryPolicy => policy(json, gathered),
        Form::LifecyclePolicy => lifecycle(json, gathered),
        _ => rules(json, Home::default(), gathered),
    }
}

fn rules(json: &Json, home: Home, gathered: &mut Gathered<'_>) {
    if let Some(rules) = gathered.keep(replication::judge(json, &SERVICE)) {
        gathered.native.replications.push(Replication { home, span: json.span.clone(), rules });
    }
}

/// A text under a key, if it is there.
fn text(json: &Json, key: &str, gathered: &mut Gathered<'_>) -> Option<Placed<String>> {
    let node = json.get(key)?;
    let mut strict = Strict::new("as the service prints it");
    let text = strict.text(node, key);
    gathered.keep(strict.finish());
    text
}

/// What "get" and "describe" calls say of the registry that they were asked of: its account, and never its region.
fn home(json: &Json, gathered: &mut Gathered<'_>) -> Home {
    Home { account: text(json, "registryId", gathered), region: None }
}

fn registry(json: &Json, gathered: &mut Gathered<'_>) {
    let home = home(json, gathered);
    if let Some(configuration) = json.get("replicationConfiguration") {
        rules(configuration, home, gathered);
    }
}

/// The document under a key, or the file itself.
fn wrapped(json: &Json, key: &str, gathered: &mut Gathered<'_>) -> Option<Document> {
    let Some(value) = json.get(key) else {
        let text = gathered.text.trim_start_matches('\u{feff}').to_string();
        return Some(Document { json: json.clone(), characters: text.chars().count(), text });
    };
    let document = inner::document(gathered.text, value).map_err(|problem| vec![problem]);
    gathered.keep(document)
}

fn policy(json: &Json, gathered: &mut Gathered<'_>) {
    if let Some(name) = json.get("repositoryName") {
        let message = "this is the policy of a repository, not of a registry: it is left out";
        gathered.warn(&name.span, message, "who may push and pull is not modelled");
        let home = home(json, gathered);
        if let Some(name) = text(json, "repositoryName", gathered) {
            gathered.native.repositories.push(NativeRepository { home, name, mutability: None });
        }
        return;
    }
    let home = home(json, gathered);
    if let Some(document) = wrapped(json, "policyText", gathered) {
        gathered.policy(&document, home);
    }
}

fn lifecycle(json: &Json, gathered: &mut Gathered<'_>) {
    let home = home(json, gathered);
    let repository = text(json, "repositoryName", gathered);
    let Some(document) = wrapped(json, "lifecyclePolicyText", gathered) else { return };
    if let Some((text, policy)) = gathered.lifecycle(&document) {
        let span = document.json.span.clone();
        gathered.native.lifecycles.push(NativeLifecycle { home, repository, span, text, policy });
    }
}
