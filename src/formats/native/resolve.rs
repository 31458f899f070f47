//! A template's own words for values that are known before it is deployed: references, texts put together, mappings,
//! conditions.
//!
//! What only a deployment knows is reported where it stands, and leaves a hole of which nothing more is said. Work and
//! depth are bounded, since a template may refer to itself in ways that double with every step.

use std::collections::HashMap;
use std::ops::Range;

use super::{Gathered, Json, Settings, Value};
use crate::cloud::regions;
use crate::formats::did_you_mean;
use crate::formats::json::Member;

mod substitute;

/// Values looked at for one file, at most.
const MOST_STEPS: usize = 1_000_000;
/// Values within values, references followed, at most.
const DEEPEST: usize = 128;
/// Members of an object looked through that cost as much as a value.
const MEMBERS_A_STEP: usize = 100;
/// Bytes of a text put together that cost as much as a value.
const BYTES_A_STEP: usize = 100;
/// Bytes of a text put together, at most: the service takes no longer template.
const LONGEST: usize = 1_000_000;

/// Names among which one that was meant is looked for, at most.
const MOST_NAMES: usize = 1_000;
/// Parts of a template by whose names is looked up.
const SECTIONS: [&str; 3] = ["Parameters", "Resources", "Conditions"];

/// What cannot be resolved has been said.
pub struct Unresolved;

type Resolved<T> = Result<T, Unresolved>;

/// A template whose values are resolved on demand.
pub struct Resolver<'a, 'g, 't> {
    pub gathered: &'g mut Gathered<'t>,
    template: &'a Json,
    /// By section and name.
    named: HashMap<(&'static str, &'a str), &'a Json>,
    settings: &'a Settings,
    steps: usize,
    exhausted: bool,
    depth: usize,
}

impl<'a, 'g, 't> Resolver<'a, 'g, 't> {
    pub fn new(template: &'a Json, settings: &'a Settings, gathered: &'g mut Gathered<'t>) -> Self {
        let mut named = HashMap::new();
        for section in SECTIONS {
            if let Some(Value::Object(members)) = template.get(section).map(|section| &section.value) {
                named.extend(members.iter().map(|member| ((section, member.key.as_str()), &member.value)));
            }
        }
        Resolver { gathered, template, named, settings, steps: 0, exhausted: false, depth: 0 }
    }

    /// A value with everything in it resolved, numbers as texts; `None` = it is asked to be absent. What cannot be
    /// resolved is a null.
    pub fn value(&mut self, json: &Json) -> Option<Json> {
        let hole = || Json { value: Value::Null, span: json.span.clone() };
        self.resolve(json).unwrap_or_else(|Unresolved| {
            self.gathered.unresolved.insert(json.span.clone());
            Some(hole())
        })
    }

    /// Whether a condition of the template holds.
    pub fn condition(&mut self, name: &str, span: &Range<usize>) -> Resolved<bool> {
        match self.section("Conditions", name) {
            Some(expression) => self.within(span, |r| r.truth(expression)),
            None => self.open(span, format!("no condition `{name}`"), ""),
        }
    }

    fn open<T>(&mut self, span: &Range<usize>, message: String, label: &str) -> Resolved<T> {
        self.gathered.unresolved(span, span, message, label);
        Err(Unresolved)
    }

    fn within<T>(&mut self, span: &Range<usize>, resolve: impl FnOnce(&mut Self) -> Resolved<T>) -> Resolved<T> {
        self.steps += 1;
        if self.depth >= DEEPEST {
            return self.open(span, "this refers to itself, or too deep".into(), "");
        }
        if self.steps > MOST_STEPS {
            // Said once: from here on everything is a hole.
            if !std::mem::replace(&mut self.exhausted, true) {
                return self.open(span, format!("more than {MOST_STEPS} values to resolve"), "");
            }
            return Err(Unresolved);
        }
        self.depth += 1;
        let result = resolve(self);
        self.depth -= 1;
        result
    }

    fn resolve(&mut self, json: &Json) -> Resolved<Option<Json>> {
        self.within(&json.span, |r| r.step(json))
    }

    fn step(&mut self, json: &Json) -> Resolved<Option<Json>> {
        let new = |value: Value| Ok(Some(Json { value, span: json.span.clone() }));
        match &json.value {
            Value::Number(number) => {
                let octal = number.len() > 1
                    && number.starts_with('0')
                    && number.bytes().all(|digit| (b'0'..=b'7').contains(&digit));
                if octal {
                    let message = format!("`{number}` without quotes is an octal number; write \"{number}\" in quotes");
                    return self.open(&json.span, message, "");
                }
                new(Value::Text(number.clone()))
            }
            Value::Text(text) if text.contains("{{resolve:") => {
                let message = format!("`{text}` is looked up at deployment");
                self.open(&json.span, message, "a dynamic reference")
            }
            Value::List(items) => new(Value::List(items.iter().filter_map(|item| self.value(item)).collect())),
            Value::Object(members) => match members.iter().find(|one| is_function(&one.key)) {
                Some(function) if members.len() == 1 => self.function(function, &json.span),
                Some(function) => {
                    let message = format!("`{}` stands beside other keys", function.key);
                    self.open(&function.key_span, message, "a function is the only key of its object")
                }
                None => {
                    let members =
                        members.iter().filter_map(|one| Some(Member { value: self.value(&one.value)?, ..one.clone() }));
                    new(Value::Object(members.collect()))
                }
            },
            _ => Ok(Some(json.clone())),
        }
    }

    fn function(&mut self, function: &Member, span: &Range<usize>) -> Resolved<Option<Json>> {
        let argument = &function.value;
        let text = |text: String| Ok(Some(Json { value: Value::Text(text), span: span.clone() }));
        match function.key.as_str() {
            "Ref" => {
                let name = self.literal(argument, "Ref")?;
                self.reference(&name, span, span)
            }
            "Fn::Sub" => text(self.substitute(argument)?),
            "Fn::Join" => {
                let [separator, list] = self.arguments(argument, "Fn::Join")?;
                let separator = self.text(separator)?;
                let mut joined = String::new();
                for (index, item) in self.texts(list)?.into_iter().enumerate() {
                    joined += if index > 0 { &separator } else { "" };
                    joined += &item;
                    self.bounded(&joined, span)?;
                }
                text(joined)
            }
            "Fn::Split" => {
                let [separator, whole] = self.arguments(argument, "Fn::Split")?;
                let (separator, whole) = (self.text(separator)?, self.text(whole)?);
                let parts =
                    if separator.is_empty() { vec![whole.as_str()] } else { whole.split(&*separator).collect() };
                self.steps += parts.len();
                let part = |part: &str| Json { value: Value::Text(part.into()), span: span.clone() };
                Ok(Some(Json { value: Value::List(parts.into_iter().map(part).collect()), span: span.clone() }))
            }
            "Fn::Select" => {
                let [index, list] = self.arguments(argument, "Fn::Select")?;
                let (index, list) = (self.text(index)?, self.list(list)?);
                let picked = index.parse::<usize>().ok().and_then(|index| list.get(index).cloned());
                match picked {
                    Some(picked) if self.is_hole(&picked) => Err(Unresolved),
                    Some(picked) => Ok(Some(Json { span: span.clone(), ..picked })),
                    None => self.open(span, format!("there is no item {index} of {}", list.len()), ""),
                }
            }
            "Fn::FindInMap" => {
                let (argument, otherwise) = with_default(argument);
                let [map, first, second] = self.arguments(&argument, "Fn::FindInMap")?;
                let keys = [self.text(map)?, self.text(first)?, self.text(second)?];
                let mut found = self.template.get("Mappings");
                for key in &keys {
                    found = found.and_then(|map| self.member(map, key));
                }
                match found.or(otherwise.as_ref()) {
                    Some(found) => self.resolve(found),
                    None => self.open(span, format!("the mappings have no `{}`", keys.join("` > `")), ""),
                }
            }
            "Fn::If" => {
                let [name, yes, no] = self.arguments(argument, "Fn::If")?;
                let name = self.literal(name, "Fn::If")?;
                let holds = self.condition(&name, span)?;
                self.resolve(if holds { yes } else { no })
            }
            "Fn::GetAtt" => {
                let parts = match &argument.value {
                    Value::Text(path) => path.split('.').map(str::to_string).collect(),
                    _ => self.texts(argument)?,
                };
                let (resource, attribute) =
                    (parts.first().cloned().unwrap_or_default(), parts[1.min(parts.len())..].join("."));
                text(self.attribute(&resource, &attribute, span, span)?)
            }
            "Fn::ToJsonString" => match self.resolve(argument)? {
                Some(value) => text(value.compact()),
                None => Ok(None),
            },
            "Fn::ImportValue" => {
                let what = self.exported(argument);
                self.open(span, format!("{what} is exported by another stack, and not known here"), "`Fn::ImportValue`")
            }
            other => self.open(span, format!("`{other}` is worked out at deployment, and not known here"), ""),
        }
    }

    /// What an import names, if that is plain.
    fn exported(&self, argument: &Json) -> String {
        match &argument.value {
            Value::Text(name) => format!("`{name}`"),
            Value::Object(members) if members.len() == 1 => match &members[0].value.value {
                Value::Text(name) => format!("`{name}`"),
                _ => "this value".into(),
            },
            _ => "this value".into(),
        }
    }

    /// What `Ref` gives; `hole` is the value that cannot be resolved without it, `span` where it is named.
    fn reference(&mut self, name: &str, hole: &Range<usize>, span: &Range<usize>) -> Resolved<Option<Json>> {
        let text = |text: String| Ok(Some(Json { value: Value::Text(text), span: span.clone() }));
        if let Some(given) = self.settings.parameters.get(name).filter(|_| name.starts_with("AWS::")) {
            return text(given.clone());
        }
        let (account, region) = (self.settings.account.clone(), self.settings.region.clone());
        match name {
            "AWS::NoValue" => return Ok(None),
            "AWS::URLSuffix" => return text("amazonaws.com".into()),
            "AWS::AccountId" | "AWS::Region" | "AWS::Partition" => {
                let (known, label) = match name {
                    "AWS::AccountId" => (account, "no account is given"),
                    "AWS::Region" => (region, "no region is given"),
                    _ => (region.map(|region| partition(&region).to_string()), "no region is given"),
                };
                return match known {
                    Some(known) => text(known),
                    None => {
                        self.gathered.unresolved(hole, span, format!("`{name}` is open here"), label);
                        Err(Unresolved)
                    }
                };
            }
            _ => {}
        }
        if let Some(parameter) = self.section("Parameters", name) {
            return self.parameter(name, parameter, hole, span).map(Some);
        }
        if let Some(resource) = self.section("Resources", name) {
            if kind(resource) == "AWS::ECR::Repository" {
                return text(self.repository(name, resource, span)?);
            }
            let message = format!("the resource `{name}` gets its name at deployment");
            self.gathered.unresolved(hole, span, message, "");
            return Err(Unresolved);
        }
        let near = self.near(name);
        let (message, label) = match name.starts_with("AWS::") {
            true => (format!("`{name}` is known at deployment only"), format!("give --parameter {name}=VALUE")),
            false => (format!("the template has no parameter or resource `{name}`{near}"), String::new()),
        };
        self.gathered.unresolved(hole, span, message, &label);
        Err(Unresolved)
    }

    /// A parameter's value: as given, or its default.
    fn parameter(&mut self, name: &str, parameter: &Json, hole: &Range<usize>, span: &Range<usize>) -> Resolved<Json> {
        let kind = match parameter.get("Type").map(|kind| &kind.value) {
            Some(Value::Text(kind)) => kind.as_str(),
            _ => "String",
        };
        let default = match parameter.get("Default").map(|default| &default.value) {
            Some(Value::Text(default) | Value::Number(default)) => Some(default.clone()),
            Some(Value::Bool(default)) => Some(default.to_string()),
            _ => None,
        };
        let stored = kind.starts_with("AWS::SSM::");
        let value = match (self.settings.parameters.get(name), default) {
            (Some(given), _) => given.clone(),
            (None, Some(default)) if !stored => default,
            (None, default) => {
                let message = match default {
                    Some(path) => format!("the parameter `{name}` is stored elsewhere, under `{path}`"),
                    None => format!("the parameter `{name}` has no default"),
                };
                self.gathered.unresolved(hole, span, message, &format!("give --parameter {name}=VALUE"));
                return Err(Unresolved);
            }
        };
        let text = |text: &str| Json { value: Value::Text(text.into()), span: span.clone() };
        if kind == "CommaDelimitedList" || kind.contains("List<") {
            let items = value.split(',').map(|item| text(item.trim())).collect();
            return Ok(Json { value: Value::List(items), span: span.clone() });
        }
        Ok(text(&value))
    }

    /// The name of a repository of the template.
    fn repository(&mut self, id: &str, resource: &Json, span: &Range<usize>) -> Resolved<String> {
        match resource.get("Properties").and_then(|properties| properties.get("RepositoryName")) {
            Some(name) => self.within(span, |r| r.text(name)),
            None => {
                self.open(span, format!("`{id}` has no `RepositoryName`: it gets a name at deployment"), "give it one")
            }
        }
    }

    /// What `Fn::GetAtt` gives.
    fn attribute(&mut self, id: &str, attribute: &str, hole: &Range<usize>, span: &Range<usize>) -> Resolved<String> {
        let repository = self.section("Resources", id).filter(|one| kind(one) == "AWS::ECR::Repository");
        if let (Some(resource), "Arn" | "RepositoryUri") = (repository, attribute) {
            let name = self.repository(id, resource, span)?;
            let (account, region) = (self.pseudo("AWS::AccountId", span)?, self.pseudo("AWS::Region", span)?);
            return Ok(match attribute {
                "Arn" => format!("arn:{}:ecr:{region}:{account}:repository/{name}", partition(&region)),
                _ => format!("{account}.dkr.ecr.{region}.amazonaws.com/{name}"),
            });
        }
        let message = format!("`{attribute}` of `{id}` is known at deployment only");
        self.gathered.unresolved(hole, span, message, "");
        Err(Unresolved)
    }

    fn pseudo(&mut self, name: &str, span: &Range<usize>) -> Resolved<String> {
        match self.reference(name, span, span)? {
            Some(Json { value: Value::Text(text), .. }) => Ok(text),
            _ => Err(Unresolved),
        }
    }

    fn truth(&mut self, json: &Json) -> Resolved<bool> {
        let Value::Object(members) = &json.value else {
            return self.open(&json.span, format!("expected a condition, found {}", json.kind()), "");
        };
        let [Member { key, value, .. }] = members.as_slice() else {
            return self.open(&json.span, "a condition has one function".into(), "");
        };
        let each = |r: &mut Self| -> Resolved<Vec<bool>> {
            let Value::List(items) = &value.value else {
                return r.open(&value.span, format!("expected a list, found {}", value.kind()), "");
            };
            items.iter().map(|item| r.within(&item.span, |r| r.truth(item))).collect()
        };
        match key.as_str() {
            "Condition" => {
                let name = self.literal(value, "Condition")?;
                self.condition(&name, &json.span)
            }
            "Fn::Equals" => {
                let [one, other] = self.arguments(value, "Fn::Equals")?;
                Ok(self.text(one)? == self.text(other)?)
            }
            "Fn::And" => Ok(each(self)?.into_iter().all(|truth| truth)),
            "Fn::Or" => Ok(each(self)?.into_iter().any(|truth| truth)),
            "Fn::Not" => Ok(!each(self)?.into_iter().any(|truth| truth)),
            other => self.open(&json.span, format!("`{other}` is no condition that is known before deployment"), ""),
        }
    }

    /// The arguments of a function that has so many.
    fn arguments<'j, const N: usize>(&mut self, json: &'j Json, name: &str) -> Resolved<&'j [Json; N]> {
        match &json.value {
            Value::List(items) if items.len() == N => Ok(items.as_slice().try_into().expect("so many")),
            _ => self.open(&json.span, format!("`{name}` takes a list of {N}"), ""),
        }
    }

    /// A text that is written out.
    fn literal(&mut self, json: &Json, what: &str) -> Resolved<String> {
        match &json.value {
            Value::Text(text) => Ok(text.clone()),
            _ => self.open(&json.span, format!("`{what}` takes a plain text, found {}", json.kind()), ""),
        }
    }

    /// A value that is a text once resolved.
    fn text(&mut self, json: &Json) -> Resolved<String> {
        match self.resolve(json)? {
            Some(Json { value: Value::Text(text), .. }) => Ok(text),
            Some(Json { value: Value::Bool(truth), .. }) => Ok(truth.to_string()),
            _ => self.open(&json.span, "a text is wanted here".into(), ""),
        }
    }

    /// A value that is a list once resolved.
    fn list(&mut self, json: &Json) -> Resolved<Vec<Json>> {
        match self.resolve(json)? {
            Some(Json { value: Value::List(items), .. }) => Ok(items),
            _ => self.open(&json.span, "a list is wanted here".into(), ""),
        }
    }

    fn texts(&mut self, json: &Json) -> Resolved<Vec<String>> {
        let mut texts = Vec::new();
        for item in self.list(json)? {
            match item.value {
                Value::Text(text) => texts.push(text),
                _ if self.is_hole(&item) => return Err(Unresolved),
                _ => return self.open(&item.span, "a text is wanted here".into(), ""),
            }
        }
        Ok(texts)
    }

    fn is_hole(&self, json: &Json) -> bool {
        json.value == Value::Null && self.gathered.unresolved.contains(&json.span)
    }

    fn bounded(&mut self, text: &str, span: &Range<usize>) -> Resolved<()> {
        self.steps += text.len() / BYTES_A_STEP;
        if text.len() > LONGEST {
            return self.open(span, format!("a text of more than {LONGEST} bytes"), "");
        }
        Ok(())
    }

    fn section(&self, section: &'static str, name: &str) -> Option<&'a Json> {
        self.named.get(&(section, name)).copied()
    }

    /// The member of an object with this key, looked for in one after the other.
    fn member<'j>(&mut self, json: &'j Json, key: &str) -> Option<&'j Json> {
        if let Value::Object(members) = &json.value {
            self.steps += members.len() / MEMBERS_A_STEP;
        }
        json.get(key)
    }

    /// ``", did you mean `x`?"`` for a name that no parameter and no resource has.
    fn near(&self, name: &str) -> String {
        if self.named.len() > MOST_NAMES {
            return String::new();
        }
        let mut known: Vec<&str> =
            self.named.keys().filter(|(section, _)| *section != "Conditions").map(|(_, name)| *name).collect();
        known.sort_unstable();
        did_you_mean(name, known)
    }
}

/// The type of a resource.
pub fn kind(resource: &Json) -> &str {
    match resource.get("Type").map(|kind| &kind.value) {
        Some(Value::Text(kind)) => kind,
        _ => "",
    }
}

/// The arguments of `Fn::FindInMap`, and what it gives when the mappings have nothing: a language extension.
fn with_default(argument: &Json) -> (Json, Option<Json>) {
    let Value::List(items) = &argument.value else { return (argument.clone(), None) };
    let Some((last, keys)) = items.split_last() else { return (argument.clone(), None) };
    match last.get("DefaultValue") {
        Some(default) if keys.len() == 3 => {
            (Json { value: Value::List(keys.to_vec()), span: argument.span.clone() }, Some(default.clone()))
        }
        _ => (argument.clone(), None),
    }
}

fn is_function(key: &str) -> bool {
    key == "Ref" || key.starts_with("Fn::")
}

fn partition(region: &str) -> &'static str {
    match regions::find(region) {
        Some(region) => region.partition.name(),
        None if region.starts_with("cn-") => "aws-cn",
        None if region.starts_with("us-gov-") => "aws-us-gov",
        None => "aws",
    }
}
