//! Checks an answer against its published schema, `specs/schemas/NAME.json`.
//!
//! Knows the keywords that those files use and refuses any other, so that none is passed over in silence.

use serde_json::{Map, Value};

/// Panics, and says where, if the object does not follow the schema that it names.
pub(crate) fn check(answer: &Value) {
    let name = answer["schema"].as_str().expect("the object names its schema");
    let file = format!("{}.json", name.replace('/', "."));
    let root = load(&file);
    assert_eq!(root["properties"]["schema"]["const"], name, "{file} is of another schema");
    if let Err(error) = follows(answer, &root, &root) {
        panic!("{name}: {error}\n{answer:#}");
    }
}

fn load(file: &str) -> Value {
    let path = format!("{}/../specs/schemas/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("there is no schema {path}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn follows(value: &Value, schema: &Value, root: &Value) -> Result<(), String> {
    let schema = schema.as_object().ok_or("a schema is an object")?;
    for (keyword, rule) in schema {
        match keyword.as_str() {
            "$schema" | "$id" | "$defs" | "title" | "description" => {}
            "$ref" => reference(value, rule, root)?,
            "type" => typed(value, rule)?,
            "const" => equal(value, rule)?,
            "enum" => one_of_values(value, rule)?,
            "pattern" => pattern(value, rule.as_str().unwrap_or_default())?,
            "minimum" => least(value, rule)?,
            "required" => required(value, rule)?,
            "properties" => properties(value, rule, root)?,
            "additionalProperties" => closed(value, schema)?,
            "items" => items(value, rule, root)?,
            "oneOf" => one_of(value, rule, root)?,
            other => return Err(format!("the keyword {other} is not known here")),
        }
    }
    Ok(())
}

fn reference(value: &Value, rule: &Value, root: &Value) -> Result<(), String> {
    let target = rule.as_str().unwrap_or_default();
    let (file, pointer) = target.split_once('#').unwrap_or((target, ""));
    let other = if file.is_empty() { root.clone() } else { load(file) };
    let schema = other.pointer(pointer).ok_or_else(|| format!("{target} leads nowhere"))?;
    follows(value, schema, &other)
}

fn typed(value: &Value, rule: &Value) -> Result<(), String> {
    let is = |name: &Value| match name.as_str().unwrap_or_default() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => false,
    };
    let fits = rule.as_array().map_or_else(|| is(rule), |names| names.iter().any(is));
    if fits { Ok(()) } else { Err(format!("{value} is not {rule}")) }
}

fn equal(value: &Value, rule: &Value) -> Result<(), String> {
    if value == rule { Ok(()) } else { Err(format!("{value} is not {rule}")) }
}

fn one_of_values(value: &Value, rule: &Value) -> Result<(), String> {
    let known = rule.as_array().is_some_and(|values| values.contains(value));
    if known { Ok(()) } else { Err(format!("{value} is none of {rule}")) }
}

/// The patterns that the schemas use, by what they mean.
fn pattern(value: &Value, pattern: &str) -> Result<(), String> {
    let Some(text) = value.as_str() else { return Ok(()) };
    let lower_hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let fits = match pattern {
        "^[0-9a-f]{64}$" => text.len() == 64 && lower_hex(text),
        "^[0-9a-f]{32}$" => text.len() == 32 && lower_hex(text),
        "^[0-9a-f-]{36}$" => text.len() == 36 && lower_hex(&text.replace('-', "")),
        "Z$" => text.ends_with('Z') && text.get(10..11) == Some("T"),
        "^[A-Z][A-Z0-9_]*$" => text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_'),
        other => return Err(format!("the pattern {other} is not known here")),
    };
    if fits { Ok(()) } else { Err(format!("{value} does not match {pattern}")) }
}

fn least(value: &Value, rule: &Value) -> Result<(), String> {
    let fits = value.as_i64().zip(rule.as_i64()).is_none_or(|(value, least)| value >= least);
    if fits { Ok(()) } else { Err(format!("{value} is less than {rule}")) }
}

fn required(value: &Value, rule: &Value) -> Result<(), String> {
    let Some(object) = value.as_object() else { return Ok(()) };
    let names = rule.as_array().map(Vec::as_slice).unwrap_or_default();
    let missing = names.iter().filter_map(Value::as_str).find(|name| !object.contains_key(*name));
    missing.map_or(Ok(()), |name| Err(format!("{name} is missing")))
}

fn properties(value: &Value, rule: &Value, root: &Value) -> Result<(), String> {
    let (Some(object), Some(rules)) = (value.as_object(), rule.as_object()) else { return Ok(()) };
    for (name, rule) in rules {
        if let Some(member) = object.get(name) {
            follows(member, rule, root).map_err(|error| format!("{name}: {error}"))?;
        }
    }
    Ok(())
}

fn closed(value: &Value, schema: &Map<String, Value>) -> Result<(), String> {
    let known = schema.get("properties").and_then(Value::as_object);
    let Some(object) = value.as_object() else { return Ok(()) };
    let surplus = object.keys().find(|name| known.is_none_or(|known| !known.contains_key(*name)));
    surplus.map_or(Ok(()), |name| Err(format!("{name} is not in the schema")))
}

fn items(value: &Value, rule: &Value, root: &Value) -> Result<(), String> {
    let Some(list) = value.as_array() else { return Ok(()) };
    list.iter().try_for_each(|item| follows(item, rule, root))
}

fn one_of(value: &Value, rule: &Value, root: &Value) -> Result<(), String> {
    let branches = rule.as_array().map(Vec::as_slice).unwrap_or_default();
    let results: Vec<_> = branches.iter().map(|branch| follows(value, branch, root)).collect();
    match results.iter().filter(|result| result.is_ok()).count() {
        1 => Ok(()),
        count => Err(format!("{count} branches of oneOf hold: {results:?}")),
    }
}
