//! Random shapes over random documents: no panic for any bytes, and for valid JSON the same
//! response and faults as a simple renderer over `serde_json`.

mod common;
#[path = "common/oracle.rs"]
mod oracle;
#[path = "common/random.rs"]
mod random;

use common::{short, value};
use fraiseql_shape::{Element, Item, Rendered, Shape, check_json};
use oracle::Oracle;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use random::{Dice, Spec, document, nodes, spec};
use serde::de::IgnoredAny;

fn compile(spec: &Spec) -> Shape {
    // The root comes first.
    let mut all = vec![serde_json::Value::Null];
    nodes(spec, &mut all);
    all.remove(0);
    common::shape(true, all.into())
}

fn render(shape: &Shape, text: &[u8]) -> Rendered {
    shape.render(&[Some(vec![Item::One(Element::Document(text))])]).expect("one value is enough")
}

fn is_json(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok())
}

/// Damages some bytes of a text, or truncates it.
fn spoil(text: String, dice: &mut Dice) -> Vec<u8> {
    const BYTES: &[u8] = b"\"\\{}[]:,0-e.tn \x00\x1f\x80\xff";
    let mut bytes = text.into_bytes();
    for _ in 0..=dice.roll(3) {
        let place = dice.roll(bytes.len() + 1);
        match dice.roll(4) {
            0 => bytes.truncate(place),
            1 if place < bytes.len() => drop(bytes.remove(place)),
            2 if place < bytes.len() => bytes[place] = BYTES[dice.roll(BYTES.len())],
            _ => bytes.insert(place, BYTES[dice.roll(BYTES.len())]),
        }
    }
    bytes
}

/// The same cases in every run, so that a failure comes from a change of the code; other cases with
/// `PROPTEST_RNG_SEED`, and more of them with `PROPTEST_CASES`.
fn config() -> ProptestConfig {
    let given = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    let fixed = |name| std::env::var_os(name).is_none();
    ProptestConfig {
        cases: if fixed("PROPTEST_CASES") { 4000 } else { given.cases },
        rng_seed: if fixed("PROPTEST_RNG_SEED") { RngSeed::Fixed(1) } else { given.rng_seed },
        ..given
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn valid_documents_agree_with_the_oracle(spec in spec(), seed in any::<u64>()) {
        let mut text = String::new();
        document(&spec, &mut Dice(seed), &mut text);
        prop_assert!(is_json(text.as_bytes()), "{}", text);
        prop_assert!(check_json(text.as_bytes()).is_ok(), "{}", text);
        let rendered = render(&compile(&spec), text.as_bytes());
        let mut oracle = Oracle::default();
        let expected = oracle.response(&spec, &text);
        prop_assert_eq!(std::str::from_utf8(&rendered.body), Ok(expected.as_str()), "{}", text);
        let faults: Vec<String> = rendered.errors.iter().map(|e| {
            short(e).split(' ').take(2).collect::<Vec<_>>().join(" ")
        }).collect();
        prop_assert_eq!(faults, oracle.faults, "{}", text);
    }

    #[test]
    fn damaged_documents_give_json_or_a_fault(spec in spec(), seed in any::<u64>()) {
        let mut text = String::new();
        let mut dice = Dice(seed);
        document(&spec, &mut dice, &mut text);
        let bytes = spoil(text, &mut dice);
        prop_assert_eq!(check_json(&bytes).is_ok(), is_json(&bytes), "{:?}", String::from_utf8_lossy(&bytes));
        let rendered = render(&compile(&spec), &bytes);
        value(&rendered);
        prop_assert!(is_json(&rendered.body));
        // The oracle cannot read keys with half of a surrogate pair.
        if serde_json::from_slice::<serde_json::Value>(&bytes).is_ok() {
            let text = std::str::from_utf8(&bytes).unwrap();
            let expected = Oracle::default().response(&spec, text);
            prop_assert_eq!(std::str::from_utf8(&rendered.body), Ok(expected.as_str()), "{}", text);
        }
    }

    #[test]
    fn any_bytes_at_all(spec in spec(), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(check_json(&bytes).is_ok(), is_json(&bytes));
        prop_assert!(is_json(&render(&compile(&spec), &bytes).body));
    }

    #[test]
    fn any_bytes_of_json(spec in spec(), text in "[\\[\\]{}\":,\\\\ 0-9a-ftrulsn.-]{0,80}") {
        prop_assert_eq!(check_json(text.as_bytes()).is_ok(), is_json(text.as_bytes()), "{}", text);
        prop_assert!(is_json(&render(&compile(&spec), text.as_bytes()).body));
    }
}
