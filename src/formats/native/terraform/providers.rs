//! The region of the provider that a resource belongs to, where the plan's configuration writes it out.

use super::{Json, Value, items, text};

/// The region of the provider of the resource at an address; `None` = the file does not say.
pub fn region(file: &Json, address: &str) -> Option<Json> {
    let configuration = file.get("configuration")?;
    let mut module = configuration.get("root_module")?;
    let plain = plain(address);
    let mut parts = plain.split('.').peekable();
    while parts.next_if_eq(&"module").is_some() {
        module = module.get("module_calls")?.get(parts.next()?)?.get("module")?;
    }
    let local: Vec<&str> = parts.collect();
    let local = local.join(".");
    let resource =
        items(module.get("resources")).iter().find(|one| one.get("address").and_then(text) == Some(&local))?;
    let key = text(resource.get("provider_config_key")?)?;
    let region = configuration.get("provider_config")?.get(key)?.get("expressions")?.get("region")?;
    if let Some(constant) = region.get("constant_value") {
        return Some(constant.clone());
    }
    // A variable of the root module has its value in the plan.
    let references = items(region.get("references"));
    let variable = references.iter().filter_map(text).find_map(|reference| reference.strip_prefix("var."))?;
    let value = file.get("variables")?.get(variable)?.get("value")?;
    matches!(value.value, Value::Text(_)).then(|| value.clone())
}

/// An address without the keys of its instances: `module.a["x"].t.n[0]` is `module.a.t.n`.
fn plain(address: &str) -> String {
    let (mut plain, mut depth, mut quoted, mut escaped) = (String::new(), 0u32, false, false);
    for c in address.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' if depth > 0 => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth = depth.saturating_sub(1),
            c if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn keys_of_instances_are_not_part_of_a_plain_address() {
        assert_eq!(plain("module.eu[\"a.b]\\\"\"].aws_ecr_repository.this[0]"), "module.eu.aws_ecr_repository.this");
    }
}
