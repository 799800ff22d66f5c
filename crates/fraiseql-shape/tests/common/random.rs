//! Random shapes, and random documents that mostly fit them.

use proptest::prelude::*;
use serde_json::{Value, json};

/// A type: the source of the description and of the oracle's answer.
#[derive(Clone, Debug)]
pub enum Spec {
    Leaf(&'static str),
    Enum,
    List(Box<Spec>, bool),
    Object(Vec<FieldSpec>),
}

#[derive(Clone, Debug)]
pub struct FieldSpec {
    pub name: &'static str,
    pub spec: Spec,
    pub nullable: bool,
}

/// Key as decoded, and two ways to write it.
pub const KEYS: [(&str, &str, &str); 6] = [
    ("a", r#""a""#, r#""\u0061""#),
    ("id", r#""id""#, r#""i\u0064""#),
    ("user_name", r#""user_name""#, r#""user\u005fname""#),
    ("a_long_name_of_a_key", r#""a_long_name_of_a_key""#, r#""a_long_name_of_a_ke\u0079""#),
    ("é😀", r#""é😀""#, r#""\u00e9\ud83d\ude00""#),
    ("q\"\\", r#""q\"\\""#, r#""\u0071\u0022\u005c""#),
];

pub const FORMS: [&str; 10] = [
    "Int",
    "Float",
    "String",
    "Boolean",
    "ID",
    "string",
    "boolean",
    "any",
    "quoted number",
    "quoted integer",
];

const SCALARS: [&str; 24] = [
    "0",
    "-1",
    "12",
    "1.5",
    "1e3",
    "-0.0",
    "2147483647",
    "2147483648",
    "0.1234567890123456789",
    "123456789012345678901234567890",
    "1E-2",
    "true",
    "false",
    "null",
    r#""""#,
    r#""red""#,
    r#""a plain text of more than eight bytes""#,
    r#""\"quoted\" \\ \/ \b\f\n\r\t""#,
    r#""é😀""#,
    r#""\ud83d\ude00""#,
    r#""\ud800""#,
    r#""12""#,
    r#""{[\"]}""#,
    r#""\\""#,
];

const SPACES: [&str; 8] = ["", "", "", "", " ", " ", "\n\t", " \r\n  "];

pub fn spec() -> impl Strategy<Value = Spec> {
    let leaf = prop_oneof![
        6 => prop::sample::select(&FORMS[..]).prop_map(Spec::Leaf),
        1 => Just(Spec::Enum),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let name = prop::sample::select(&KEYS[..]).prop_map(|key| key.0);
        let field = (name, inner.clone(), any::<bool>())
            .prop_map(|(name, spec, nullable)| FieldSpec { name, spec, nullable });
        prop_oneof![
            (inner, any::<bool>())
                .prop_map(|(item, nullable)| Spec::List(Box::new(item), nullable)),
            prop::collection::vec(field, 0..5).prop_map(Spec::Object),
        ]
    })
}

/// Appends the nodes of `spec`, its own first, and returns its number.
pub fn nodes(spec: &Spec, all: &mut Vec<Value>) -> usize {
    let place = all.len();
    all.push(Value::Null);
    all[place] = match spec {
        Spec::Leaf(form) => json!({"kind": "leaf", "form": form, "type": form}),
        Spec::Enum => {
            json!({"kind": "enum", "type": "E", "values": [["\"red\"", "RED"], ["12", "DOZEN"]]})
        }
        Spec::List(item, nullable) => {
            json!({"kind": "list", "item": nodes(item, all), "item_nullable": nullable})
        }
        Spec::Object(fields) => {
            let field = |(id, field): (usize, &FieldSpec)| {
                json!({"id": id, "key": format!("k{id}"), "source": {"name": field.name},
                       "node": nodes(&field.spec, all), "nullable": field.nullable})
            };
            let fields: Vec<Value> = fields.iter().enumerate().map(field).collect();
            json!({"kind": "object", "type": "O", "fields": fields})
        }
    };
    place
}

/// A sequence of random numbers from a seed.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % sides
    }

    fn pick<'t>(&mut self, from: &[&'t str]) -> &'t str {
        from[self.roll(from.len())]
    }
}

/// Writes a document that mostly fits `spec`.
pub fn document(spec: &Spec, dice: &mut Dice, text: &mut String) {
    text.push_str(dice.pick(&SPACES));
    match spec {
        _ if dice.roll(12) == 0 => anything(dice, 3, text),
        Spec::List(item, _) => {
            let length = dice.roll(4);
            members(length, dice, text, ['[', ']'], |_, dice, text| document(item, dice, text));
        }
        Spec::Object(fields) => {
            let length = if dice.roll(8) == 0 { fields.len() * 2 } else { fields.len() };
            members(length, dice, text, ['{', '}'], |place, dice, text| {
                let field = &fields[if dice.roll(5) == 0 {
                    dice.roll(fields.len())
                } else {
                    place % fields.len()
                }];
                key(field.name, dice, text);
                document(&field.spec, dice, text);
            });
        }
        Spec::Leaf("any") => anything(dice, 4, text),
        Spec::Leaf(_) | Spec::Enum => text.push_str(dice.pick(&SCALARS)),
    }
    text.push_str(dice.pick(&SPACES));
}

fn key(name: &str, dice: &mut Dice, text: &mut String) {
    let (_, plain, escaped) = KEYS.iter().find(|key| key.0 == name).expect("a known key");
    text.push_str(dice.pick(&SPACES));
    text.push_str(if dice.roll(9) == 0 { escaped } else { plain });
    text.push_str(dice.pick(&SPACES));
    text.push(':');
}

fn members(
    length: usize,
    dice: &mut Dice,
    text: &mut String,
    brackets: [char; 2],
    mut member: impl FnMut(usize, &mut Dice, &mut String),
) {
    text.push(brackets[0]);
    text.push_str(dice.pick(&SPACES));
    for place in 0..length {
        text.push_str(if place == 0 { "" } else { "," });
        member(place, dice, text);
    }
    text.push(brackets[1]);
}

/// Writes any JSON.
fn anything(dice: &mut Dice, depth: usize, text: &mut String) {
    let length = dice.roll(4);
    match dice.roll(if depth == 0 { 1 } else { 3 }) {
        0 => text.push_str(dice.pick(&SCALARS)),
        1 => {
            members(length, dice, text, ['[', ']'], |_, dice, text| {
                anything(dice, depth - 1, text);
            });
        }
        _ => members(length, dice, text, ['{', '}'], |_, dice, text| {
            key(KEYS[dice.roll(KEYS.len())].0, dice, text);
            anything(dice, depth - 1, text);
        }),
    }
}
