//! `main.tf`: the recommendation as Terraform, one provider for each registry that it concerns.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::native::{cache_rules, policy_text};
use super::words::{address, slug};
use crate::cloud::RegistryId;
use crate::engine::Model;
use crate::report::write::File;
use crate::scenario::Scenario;
use crate::study::optimize::Optimum;
use crate::study::optimize::ways::homes;

/// An identifier of a registry's.
fn identifier(model: &Model, registry: RegistryId) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    format!("r_{}", slug(model, registry).chars().map(plain).collect::<String>())
}

/// A text of the language.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text.replace("${", "$${").replace("%{", "%%{")).to_string()
}

fn registry_of(model: &Model, region: &str, account: &str) -> Option<RegistryId> {
    (0..model.cloud.registries.len() as u16).map(RegistryId).find(|one| address(model, *one) == (region, account))
}

/// The file.
pub fn file(scenario: &Scenario, optimum: &Optimum) -> File {
    let model = &scenario.model;
    let plan = &optimum.plan;
    let mut body = String::new();
    let mut used: BTreeSet<RegistryId> = BTreeSet::new();
    for home in homes(model) {
        let rules: Vec<_> = plan.rules.iter().filter(|(from, _)| *from == home).map(|(_, rule)| rule).collect();
        if rules.is_empty() {
            continue;
        }
        used.insert(home);
        let name = identifier(model, home);
        let _ = write!(
            body,
            "\nresource \"aws_ecr_replication_configuration\" \"{name}\" {{\n  provider = aws.{name}\n\n  replication_configuration {{\n"
        );
        for rule in rules {
            body += "    rule {\n";
            for to in &rule.destinations {
                let (region, account) = address(model, *to);
                let _ = write!(
                    body,
                    "      destination {{\n        region      = {}\n        registry_id = {}\n      }}\n",
                    quoted(region),
                    quoted(account)
                );
            }
            for prefix in &rule.prefixes {
                let _ = write!(
                    body,
                    "      repository_filter {{\n        filter      = {}\n        filter_type = \"PREFIX_MATCH\"\n      }}\n",
                    quoted(prefix)
                );
            }
            if rule.deletes {
                body += "      # The provider has no block for it yet: deletions are replicated by replication.json (A41).\n";
            }
            body += "    }\n";
        }
        body += "  }\n}\n";
    }
    for (number, rule) in cache_rules(scenario, optimum).iter().enumerate() {
        let Some(registry) = registry_of(model, &rule.region, &rule.account) else { continue };
        used.insert(registry);
        let (name, input) = (identifier(model, registry), &rule.input);
        let _ = write!(
            body,
            "\nresource \"aws_ecr_pull_through_cache_rule\" \"{name}_{}\" {{\n  provider                   = aws.{name}\n  ecr_repository_prefix      = {}\n  upstream_registry_url      = {}\n  upstream_repository_prefix = {}\n",
            number + 1,
            quoted(&input.ecr_repository_prefix),
            quoted(&input.upstream_registry_url),
            quoted(&input.upstream_repository_prefix)
        );
        if let Some(role) = &input.custom_role_arn {
            let _ = writeln!(body, "  custom_role_arn            = {}", quoted(role));
        }
        body += "}\n";
    }
    for registry in plan.registries() {
        used.insert(registry);
        let name = identifier(model, registry);
        let own = plan.templates(model, registry);
        let evicting = own.iter().filter(|one| plan.evictions.contains_key(&(registry, one.prefix.clone())));
        for (number, template) in evicting.enumerate() {
            let mutability = match &template.mutability {
                Some(one) if one.immutable && one.except.0.is_empty() => "IMMUTABLE",
                Some(one) if one.immutable => "IMMUTABLE_WITH_EXCLUSION",
                Some(one) if !one.except.0.is_empty() => "MUTABLE_WITH_EXCLUSION",
                _ => "MUTABLE",
            };
            let _ = write!(
                body,
                "\nresource \"aws_ecr_repository_creation_template\" \"{name}_{}\" {{\n  provider             = aws.{name}\n  prefix               = {}\n  applied_for          = [\"PULL_THROUGH_CACHE\"]\n  image_tag_mutability = \"{mutability}\"\n",
                number + 1,
                quoted(&template.prefix)
            );
            for pattern in template.mutability.iter().flat_map(|one| &one.except.0) {
                let _ = write!(
                    body,
                    "\n  image_tag_mutability_exclusion_filter {{\n    filter      = {}\n    filter_type = \"WILDCARD\"\n  }}\n",
                    quoted(pattern)
                );
            }
            if let Some(policy) = &template.lifecycle {
                let _ = write!(body, "\n  lifecycle_policy = <<-POLICY\n{}  POLICY\n", indented(&policy_text(policy)));
            }
            body += "}\n";
        }
    }
    body += &existing(scenario, optimum, &mut used);
    let mut text = String::from(
        "# Made by `replisim optimize`. Give each provider the credentials of its account.\n\nterraform {\n  required_providers {\n    aws = {\n      source = \"hashicorp/aws\"\n    }\n  }\n}\n",
    );
    for registry in &used {
        let (region, account) = address(model, *registry);
        let name = identifier(model, *registry);
        let _ = write!(
            text,
            "\nprovider \"aws\" {{\n  alias               = \"{name}\"\n  region              = {}\n  allowed_account_ids = [{}]\n}}\n",
            quoted(region),
            quoted(account)
        );
    }
    if used.is_empty() {
        text += "\n# Nothing is to be replicated or cached.\n";
    }
    File { name: "main.tf".into(), bytes: (text + &body).into_bytes() }
}

/// Policies of cached repositories that somebody has made beforehand: no template applies to them.
fn existing(scenario: &Scenario, optimum: &Optimum, used: &mut BTreeSet<RegistryId>) -> String {
    let (model, plan) = (&scenario.model, &optimum.plan);
    let mut body = String::new();
    for (index, cell) in optimum.cells.cells.iter().enumerate().filter(|(_, cell)| cell.runs) {
        let repository = &model.demand.repositories[cell.repository as usize].name;
        let settings = &model.registries[usize::from(cell.destination.0)];
        let space = crate::study::optimize::plan::namespace(repository).to_string();
        let cached = matches!(plan.way(model, &optimum.cells, index), crate::study::optimize::ways::Way::Cache(_));
        let Some(days) = plan.evictions.get(&(cell.destination, space)).filter(|_| cached) else { continue };
        if !settings.repositories.contains(repository) {
            continue;
        }
        used.insert(cell.destination);
        let name = identifier(model, cell.destination);
        let policy = policy_text(&crate::registry::LifecyclePolicy::days(*days));
        let _ = write!(
            body,
            "\nresource \"aws_ecr_lifecycle_policy\" \"{name}_{index}\" {{\n  provider   = aws.{name}\n  repository = {}\n\n  policy = <<-POLICY\n{}  POLICY\n}}\n",
            quoted(repository),
            indented(&policy)
        );
    }
    body
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}
