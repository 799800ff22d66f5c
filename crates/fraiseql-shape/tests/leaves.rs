//! Leaves and enums: accepted, written and refused values of each form.

mod common;

use common::{leaf, outcome, shape};
use serde_json::json;

/// Cases of `input => output`; an output of `!leaf` or `!json` is that fault.
fn check(form: &str, cases: &[(&str, &str)]) {
    let shape = leaf(form);
    for (input, expected) in cases {
        let (value, errors) = outcome(&shape, input);
        match expected.strip_prefix('!') {
            Some(code) => {
                assert_eq!(value, "null", "{form} {input}");
                assert_eq!(errors, [format!("{code} x {input}")], "{form}");
            }
            None => assert_eq!((value.as_str(), errors.len()), (*expected, 0), "{form} {input}"),
        }
    }
}

#[test]
fn int() {
    check(
        "Int",
        &[
            ("0", "0"),
            ("-0", "0"),
            ("7", "7"),
            ("-123456789", "-123456789"),
            ("2147483647", "2147483647"),
            ("-2147483648", "-2147483648"),
            ("2147483648", "!leaf"),
            ("-2147483649", "!leaf"),
            ("99999999999999999999999", "!leaf"),
            ("1.0", "1"),
            ("1e3", "1000"),
            ("-12.50e1", "-125"),
            ("1.5", "!leaf"),
            ("1e10", "!leaf"),
            ("true", "1"),
            ("false", "0"),
            (r#""12""#, "12"),
            (r#""-007""#, "!leaf"),
            (r#""-0""#, "0"),
            (r#""\u0031""#, "1"),
            (r#""1.0""#, "!leaf"),
            (r#""""#, "!leaf"),
            (r#""-""#, "!leaf"),
            (r#""2147483648""#, "!leaf"),
            ("[1]", "!leaf"),
            ("{}", "!leaf"),
            ("01", "!json"),
            ("1.", "!json"),
            ("--1", "!json"),
        ],
    );
}

#[test]
fn float() {
    check(
        "Float",
        &[
            ("1", "1"),
            ("12345678901234567890.123456789", "12345678901234567890.123456789"),
            ("1E400", "!leaf"),
            (r#""1E400""#, "!leaf"),
            ("1e-400", "1e-400"),
            ("-0.0", "-0.0"),
            ("true", "1"),
            ("false", "0"),
            (r#""1.50""#, "1.50"),
            (r#""x""#, "!leaf"),
            (r#"" 1""#, "!leaf"),
            ("[]", "!leaf"),
            ("1e", "!json"),
        ],
    );
}

#[test]
fn string() {
    check(
        "String",
        &[
            (r#""a\u00e9\n\"é😀""#, r#""a\u00e9\n\"é😀""#),
            (r#""\ud800""#, r#""\ud800""#),
            ("1.50", r#""1.50""#),
            ("true", r#""true""#),
            ("false", r#""false""#),
            ("[1]", "!leaf"),
            ("{\"a\": 1}", "!leaf"),
            ("tru", "!json"),
            ("\"a\tb\"", "!json"),
            (r#""\x""#, "!json"),
            (r#""\u12g4""#, "!json"),
            (r#""\u123""#, "!json"),
        ],
    );
}

#[test]
fn boolean() {
    check(
        "Boolean",
        &[
            ("true", "true"),
            ("false", "false"),
            ("0", "false"),
            ("-0.0e9", "false"),
            ("1", "true"),
            ("0.001", "true"),
            (r#""true""#, "!leaf"),
            ("[]", "!leaf"),
            ("truex", "!json"),
        ],
    );
}

#[test]
fn id() {
    check(
        "ID",
        &[
            (r#""a-1""#, r#""a-1""#),
            ("123", r#""123""#),
            ("-5", r#""-5""#),
            ("3.0", r#""3""#),
            ("1e3", r#""1000""#),
            ("123456789012345678901234567890", r#""123456789012345678901234567890""#),
            ("1.5", "!leaf"),
            ("1e1000000000", "!leaf"),
            ("true", "!leaf"),
        ],
    );
}

#[test]
fn stored_texts() {
    let same = [r#""a\u00e9\ud83d\ude00""#, r#""\\u0000""#, r#""é""#];
    let refused = [r#""a\u0000""#, r#""\ud800""#, r#""\ude00\ud83d""#];
    for form in ["stored String", "stored ID", "stored string"] {
        for text in same {
            check(form, &[(text, text)]);
        }
        for text in refused {
            check(form, &[(text, "!leaf")]);
        }
    }
    check("stored String", &[("1.50", r#""1.50""#), ("true", r#""true""#), ("[]", "!leaf")]);
    check("stored ID", &[("3.0", r#""3""#), ("true", "!leaf")]);
    check("stored string", &[("1", "!leaf")]);
}

#[test]
fn texts_of_instants_and_uuids() {
    let uuid = r#""{6BA7B810-9dad-11d1-80b4-00c04fd430c8}""#;
    check(
        "Date",
        &[(r#""2024-02-29""#, r#""2024-02-29""#), (r#""soon""#, "!leaf"), ("1", "!leaf")],
    );
    check("Date", &[(r#""2024\u002d01-01""#, r#""2024\u002d01-01""#), ("true", "!leaf")]);
    check("DateTime", &[(r#""infinity""#, r#""infinity""#), (r#""2024-01-01T25:00""#, "!leaf")]);
    check("Time", &[(r#""24:00:00""#, r#""24:00:00""#), (r#""24:00:01""#, "!leaf")]);
    check("UUID", &[(uuid, uuid), (r#""6ba7b810""#, "!leaf"), ("[]", "!leaf")]);
}

#[test]
fn strict_forms() {
    check("string", &[(r#""2024-01-01""#, r#""2024-01-01""#), ("1", "!leaf"), ("true", "!leaf")]);
    check(
        "number",
        &[("1.50", "1.50"), (r#""1.50""#, "1.50"), (r#""1,5""#, "!leaf"), ("true", "!leaf")],
    );
    check(
        "integer",
        &[
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            (r#""-123456789012345678901""#, "-123456789012345678901"),
            (r#""007""#, "!leaf"),
            ("1.0", "!leaf"),
            ("false", "!leaf"),
        ],
    );
    check("boolean", &[("true", "true"), ("1", "!leaf"), (r#""true""#, "!leaf")]);
}

#[test]
fn numbers_as_text_keep_every_digit() {
    let numbers = ["0", "-0", "-0.0", "1.10", "1e400", "1E+05", "9007199254740993", "0.1e-7"];
    for number in numbers {
        let quoted = format!("\"{number}\"");
        check("quoted number", &[(number, &quoted), (&quoted, &quoted)]);
    }
    let refused =
        ["true", "[]", "{}", r#""""#, r#""NaN""#, r#""1,5""#, r#"" 1""#, r#""1_0""#, r#""١""#];
    for text in refused {
        check("quoted number", &[(text, "!leaf")]);
        check("quoted integer", &[(text, "!leaf")]);
    }
    let long = "123456789012345678901234567890";
    let quoted = format!("\"{long}\"");
    check("quoted integer", &[(long, &quoted), (&quoted, &quoted), ("-7", r#""-7""#)]);
    check(
        "quoted integer",
        &[
            (r#""\u0031""#, r#""1""#),
            (r#""007""#, "!leaf"),
            ("1.0", "!leaf"),
            ("1e3", "!leaf"),
            ("007", "!json"),
        ],
    );
    check(
        "quoted number",
        &[(r#""\u0031.\u0035""#, r#""1.5""#), ("1.", "!json"), ("--1", "!json")],
    );
}

#[test]
fn any_passes_through_unchanged() {
    check(
        "any",
        &[
            (
                r#"{ "a" : [1.50, null, {"b": "\u00e9"}] }"#,
                r#"{ "a" : [1.50, null, {"b": "\u00e9"}] }"#,
            ),
            (r#""a\tb""#, r#""a\tb""#),
            ("false", "false"),
            ("[1,]", "!json"),
            ("{\"a\" 1}", "!json"),
            ("{\"a\":1,}", "!json"),
            ("[1}", "!json"),
            ("[01]", "!json"),
            ("[\"\\q\"]", "!json"),
            ("nul", "!json"),
        ],
    );
}

#[test]
fn enums() {
    let shape = shape(
        true,
        json!([{"kind": "enum", "type": "Colour", "values": [
            ["\"red\"", "RED"], ["\"gr\\u00fcn\"", "GREEN"], ["1", "ONE"], ["true", "YES"]]}]),
    );
    for (input, expected) in [
        (r#""red""#, r#""RED""#),
        (r#""r\u0065d""#, r#""RED""#),
        (r#""grün""#, r#""GREEN""#),
        ("1", r#""ONE""#),
        ("true", r#""YES""#),
    ] {
        assert_eq!(outcome(&shape, input), (expected.to_owned(), vec![]), "{input}");
    }
    for (input, code) in [
        (r#""blue""#, "enum"),
        (r#""1""#, "enum"),
        ("1.0", "enum"),
        ("[]", "enum"),
        ("tru", "json"),
    ] {
        assert_eq!(outcome(&shape, input), ("null".into(), vec![format!("{code} x {input}")]));
    }
}

#[test]
fn invalid_utf8_is_refused_where_it_would_be_copied() {
    for (form, doc) in
        [("String", &b"\"a\xffb\""[..]), ("any", b"[\"\xc3\"]"), ("ID", b"\"\xed\xa0\x80\"")]
    {
        let item = fraiseql_shape::Item::One(fraiseql_shape::Element::Document(doc));
        let rendered = leaf(form).render(&[Some(vec![item])]).unwrap();
        assert_eq!(common::codes(&rendered), [fraiseql_shape::Code::Json]);
        assert_eq!(common::value(&rendered), "null");
    }
}

#[test]
fn details_are_cut_between_characters() {
    let text = format!("[\"{}\"]", "é".repeat(200));
    let (_, errors) = outcome(&leaf("Int"), &text);
    assert_eq!(errors, [format!("leaf x [\"{}", "é".repeat(78))]);
}
