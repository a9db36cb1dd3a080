//! Tax ids against documented examples, through the program itself; NOTICE names where they come from.

use std::process::Command;

use serde_json::Value;

/// What these examples are of: numbers of other kinds (bank accounts, books) and bare algorithms are not tax ids.
const OTHER: [&str; 8] =
    ["ar.cbu", "gs1_128", "iban", "isbn", "luhn", "iso7064.mod_11_10", "iso7064.mod_97_10", "it.codicefiscale.short"];

fn tax_id(country: &str, id: &str, region: Option<&str>) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_till"));
    command.args(["--json", "tax-id", country]);
    command.args(region.iter().flat_map(|region| ["--region", region]));
    let output = command.args(["--", id]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let answer: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(output.status.code(), Some(i32::from(answer["valid"] != true)), "{text}");
    assert_eq!(answer["error"].is_null(), answer["valid"] == true, "{text}");
    assert_eq!(answer["formatted"].is_null(), answer["valid"] != true, "{text}");
    answer
}

fn bare(text: &str) -> String {
    text.chars().filter(|character| character.is_alphanumeric()).collect()
}

#[test]
fn every_documented_tax_id_is_judged_and_written_as_documented() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("vectors/tax_id_stdnum.json")).unwrap();
    assert_eq!(cases.len(), 120);
    let mut judged = 0;
    for case in &cases {
        let (module, function) = (case["module"].as_str().unwrap(), case["function"].as_str().unwrap());
        if OTHER.contains(&module) || !matches!(function, "validate" | "format" | "compact") {
            continue;
        }
        judged += 1;
        let country = module.split('.').next().unwrap().trim_end_matches('_').to_uppercase();
        let arguments: Vec<&str> = case["args"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
        let answer = tax_id(&country, arguments[0], arguments.get(1).copied());
        assert_eq!(answer["valid"] == true, case["error"].is_null(), "{case}: {answer}");
        if let Some(result) = case["result"].as_str() {
            let formatted = answer["formatted"].as_str().unwrap();
            if function == "format" {
                assert_eq!(formatted, result, "{case}");
            } else {
                // The letters that belong to a number may stand in front or behind of its written form.
                assert!(
                    bare(formatted).ends_with(&bare(result)) || bare(formatted).contains(&bare(result)),
                    "{case}: {answer}"
                );
            }
        }
    }
    assert_eq!(judged, 93);
}

#[test]
fn the_country_may_be_written_in_other_ways() {
    for (country, id, told, formatted) in [
        ("el", "094259216", "GR", "094259216"),
        ("uk", "GB 980780684", "GB", "980 7806 84"),
        ("EU", "FR 61 954 506 077", "FR", "FR61954506077"),
        ("EU", "EL 094259216", "GR", "EL094259216"),
    ] {
        let answer = tax_id(country, id, None);
        assert_eq!(
            (answer["country"].as_str(), answer["formatted"].as_str()),
            (Some(told), Some(formatted)),
            "{country}"
        );
    }
    let unknown = tax_id("QQ", "1", None);
    assert!(
        unknown["error"].as_str().unwrap().starts_with("country: QQ is not EU or a country whose tax ids are known")
    );
}
