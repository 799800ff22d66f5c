//! The oracle of renders: a simple renderer over `serde_json`'s raw values.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::random::{FieldSpec, Spec};

/// The faults so far, as `code path`.
#[derive(Default)]
pub struct Oracle {
    pub faults: Vec<String>,
    path: Vec<String>,
}

/// Null for a value that is not nullable.
struct Gone;

impl Oracle {
    /// The response for one root field `x`.
    pub fn response(&mut self, spec: &Spec, text: &str) -> String {
        self.path.push("x".to_owned());
        let raw: &RawValue = serde_json::from_str(text).expect("valid JSON");
        let value = self.place(spec, true, Some(raw)).unwrap_or_else(|Gone| "null".to_owned());
        format!(r#"{{"data":{{"x":{value}}}}}"#)
    }

    fn place(
        &mut self,
        spec: &Spec,
        nullable: bool,
        raw: Option<&RawValue>,
    ) -> Result<String, Gone> {
        let value = match raw.map(RawValue::get) {
            None | Some("null") if nullable => return Ok("null".to_owned()),
            None | Some("null") => self.fault("null"),
            Some(text) => self.value(spec, text),
        };
        if nullable { Ok(value.unwrap_or_else(|Gone| "null".to_owned())) } else { value }
    }

    fn fault<T>(&mut self, code: &str) -> Result<T, Gone> {
        self.faults.push(format!("{code} {}", self.path.join(".")));
        Err(Gone)
    }

    fn value(&mut self, spec: &Spec, text: &str) -> Result<String, Gone> {
        match spec {
            Spec::Leaf(form) => leaf(form, text).map_or_else(|| self.fault("leaf"), Ok),
            Spec::Enum => match text {
                "12" => Ok(r#""DOZEN""#.to_owned()),
                r#""red""# => Ok(r#""RED""#.to_owned()),
                _ => self.fault("enum"),
            },
            Spec::List(item, nullable) => match serde_json::from_str::<Vec<&RawValue>>(text) {
                Ok(items) => self.list(item, *nullable, &items),
                Err(_) => self.fault("list"),
            },
            Spec::Object(fields) => match serde_json::from_str::<BTreeMap<String, &RawValue>>(text)
            {
                Ok(members) => self.object(fields, &members),
                Err(_) => self.fault("object"),
            },
        }
    }

    fn list(&mut self, item: &Spec, nullable: bool, items: &[&RawValue]) -> Result<String, Gone> {
        let mut written = Vec::new();
        for (index, raw) in items.iter().enumerate() {
            self.path.push(index.to_string());
            let value = self.place(item, nullable, Some(raw));
            self.path.pop();
            written.push(value?);
        }
        Ok(format!("[{}]", written.join(",")))
    }

    fn object(
        &mut self,
        fields: &[FieldSpec],
        members: &BTreeMap<String, &RawValue>,
    ) -> Result<String, Gone> {
        let mut written = Vec::new();
        for (id, field) in fields.iter().enumerate() {
            self.path.push(format!("k{id}"));
            let value = self.place(&field.spec, field.nullable, members.get(field.name).copied());
            self.path.pop();
            written.push(format!("\"k{id}\":{}", value?));
        }
        Ok(format!("{{{}}}", written.join(",")))
    }
}

fn leaf(form: &str, text: &str) -> Option<String> {
    let string = text.starts_with('"');
    let number: Option<f64> = if string { None } else { text.parse().ok() };
    let truth: Option<bool> = text.parse().ok();
    let integral = number.filter(|number| number.fract() == 0.0);
    let digits = text.trim_matches('"').parse::<i64>().ok();
    match form {
        "any" => Some(text.to_owned()),
        "String" | "string" | "ID" if string => Some(text.to_owned()),
        "String" => number.map(drop).or(truth.map(drop)).map(|()| format!("\"{text}\"")),
        "boolean" => truth.map(|_| text.to_owned()),
        "Boolean" => truth.or(number.map(|number| number != 0.0)).map(|truth| truth.to_string()),
        "Int" if string => {
            digits.filter(|value| i32::try_from(*value).is_ok()).map(|v| v.to_string())
        }
        "Int" => truth.map(f64::from).or(integral).and_then(small),
        "Float" if string => json_number(text).map(str::to_owned),
        "Float" => {
            truth.map(|truth| u8::from(truth).to_string()).or(number.map(|_| text.to_owned()))
        }
        "quoted number" => json_number(text).map(|content| format!("\"{content}\"")),
        "quoted integer" => {
            let value: Option<i128> = text.trim_matches('"').parse().ok();
            value.map(|value| format!("\"{value}\""))
        }
        "ID" if text.bytes().all(|byte| byte.is_ascii_digit()) => Some(format!("\"{text}\"")),
        "ID" => whole(text).map(|digits| format!("\"{digits}\"")),
        _ => None,
    }
}

/// The number in a token, which may be a string.
fn json_number(text: &str) -> Option<&str> {
    let content = text.trim_matches('"');
    let number = serde_json::from_str::<serde_json::Number>(content).is_ok();
    (number && content.trim() == content).then_some(content)
}

fn small(value: f64) -> Option<String> {
    (value.abs() <= 2_147_483_647.0).then(|| format!("{}", value + 0.0))
}

/// All digits of an integral number, by moving its point a place at a time.
fn whole(text: &str) -> Option<String> {
    const MOST_DIGITS: usize = 400;
    text.parse::<f64>().ok()?;
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let (sign, before) = before.strip_prefix('-').map_or(("", before), |digits| ("-", digits));
    let (mut before, mut after) = (before.to_owned(), after.to_owned());
    let most = MOST_DIGITS.max(before.len() + after.len());
    if before.chars().chain(after.chars()).all(|digit| digit == '0') {
        return Some("0".to_owned());
    }
    let places: i64 = exponent.parse().ok().filter(|places: &i64| places.abs() < 10_000)?;
    for _ in 0..places.max(0) {
        before.push(if after.is_empty() { '0' } else { after.remove(0) });
    }
    for _ in 0..(-places).max(0) {
        after.insert(0, before.pop().unwrap_or('0'));
    }
    let digits = before.trim_start_matches('0');
    let integral = after.chars().all(|digit| digit == '0') && !digits.is_empty();
    (integral && before.len() <= most).then(|| format!("{sign}{digits}"))
}
