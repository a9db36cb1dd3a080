//! Selling by what is on the goods: packs, scale labels, GS1 elements with lot, expiry and serial, variants.

use serde_json::{Value, json};

use crate::shop::Shop;

const GOODS: &str = "code,name,price,unit,barcode,pack_barcode,pack_quantity,parent,attributes
WATER,Water 1 l,0.50,piece,8480000000019,18480000000016,6,,
HAM,Ham,12.99,kg,2811110000006,,,,
SALMON,Salmon,31.90,kg,9501101530003,,,,
CAKE,Cake,9.00,piece,2211110000004,,,,
PHONE,Phone,199.00,piece,4006381333931,,,,
SHIRT-M,Shirt M,15.00,piece,96385074,,,SHIRT,size=M; colour=red
";

/// A till in Germany, whose scales print prices with 22, weights with 28.
fn deli(options: &[&str]) -> Shop {
    let shop = Shop::empty();
    let init = ["init", "--store", "S01", "--till", "T01", "--currency", "EUR", "--country", "DE"];
    shop.json(&[&init, options].concat()).done();
    let file = shop.file("goods.csv", GOODS);
    let report = shop.json(&["import", "products", file.to_str().unwrap(), "--tax-rate", "19"]).done().json();
    assert_eq!((&report["added"], &report["rejected"]), (&json!(6), &json!([])), "{report}");
    shop.json(&["open", "--float", "100.00"]).done();
    shop
}

/// The answer of a sale of one scan.
fn sell(shop: &Shop, id: &str, code: &str) -> Value {
    let basket = json!({"id": id, "lines": [{"code": code, "quantity": "1"}]});
    shop.sell(&basket.to_string()).done().json()
}

fn receipt(shop: &Shop, sold: &Value) -> String {
    let printed = shop.json(&["receipt", sold["number"].as_str().unwrap(), "--format", "text"]).done().json();
    printed["text"].as_str().unwrap().to_owned()
}

#[test]
fn a_pack_sells_as_many_as_are_in_it() {
    let shop = deli(&[]);
    assert_eq!(sell(&shop, "one", "8480000000019")["gross"], "0.50");
    let case = sell(&shop, "case", "18480000000016");
    assert_eq!(case["gross"], "3.00");
    assert!(receipt(&shop, &case).contains("6 x 0.50"));
    assert_eq!(sell(&shop, "case", "18480000000016"), case, "the same scan again gets the same answer");
    let twice = r#"{"id":"two cases","lines":[{"code":"(01)18480000000016","quantity":"2"}]}"#;
    assert_eq!(shop.sell(twice).done().json()["gross"], "6.00");
    assert_eq!(sell(&shop, "shirt", "96385074")["gross"], "15.00");
    let page = shop.json(&["products", "96385074"]).done().json();
    assert_eq!(page["products"][0]["parent"], "SHIRT");
    assert_eq!(page["products"][0]["attributes"], json!(["size=M", "colour=red"]));
    let water = shop.json(&["products", "WATER"]).done().json();
    assert_eq!(water["products"][0]["packs"], json!([{"barcode": "18480000000016", "quantity": "6"}]));
    shop.audit();
}

#[test]
fn price_lists_count_what_is_in_a_pack_and_leave_a_price_on_a_label() {
    let shop = deli(&[]);
    let lists = r#"[{"code":"BULK","prices":[{"product":"WATER","from_quantity":"6","price":"0.40"},
        {"product":"CAKE","price":"1.00"}]}]"#;
    shop.json(&["import", "price-lists", shop.file("lists.json", lists).to_str().unwrap()]).done();
    assert_eq!(sell(&shop, "one", "8480000000019")["gross"], "0.50");
    assert_eq!(sell(&shop, "case", "18480000000016")["gross"], "2.40");
    let mixed =
        r#"{"id":"mixed","lines":[{"code":"8480000000019","quantity":"1"},{"code":"18480000000016","quantity":"1"}]}"#;
    assert_eq!(shop.sell(mixed).done().json()["gross"], "2.80");
    assert_eq!(sell(&shop, "cake", "CAKE")["gross"], "1.00");
    assert_eq!(sell(&shop, "labelled", "2211114002394")["gross"], "2.39");
    shop.audit();
}

#[test]
fn a_scale_label_sets_the_weight_or_the_price() {
    let shop = deli(&[]);
    // 28, item 1111, verifier, 06.870 kg of ham at 12.99.
    let weighed = sell(&shop, "weight", "2811111068708");
    assert_eq!(weighed["gross"], "89.24");
    assert!(receipt(&shop, &weighed).contains("6.87 kg x 12.99"));
    // 22, item 1111, verifier, price 2.39: the cake by the piece at the price on its label.
    assert_eq!(sell(&shop, "price", "2211114002394")["gross"], "2.39");
    let wrong = shop.sell(r#"{"id":"torn","lines":[{"code":"2211115002393","quantity":"1"}]}"#);
    assert_eq!(wrong.refused(), ("product_unknown".into(), "lines[0].code".into()));
    shop.audit();

    // A mask of the shop's own comes before the country's: the same digits are now a price of ham.
    let own = deli(&["--mask", "price:28....C{NNNDD}"]);
    let priced = sell(&own, "price", "2811111068708");
    assert_eq!(priced["gross"], "68.70");
    assert!(receipt(&own, &priced).contains("5.289 kg x 12.99"), "{}", receipt(&own, &priced));
    // A price list changes neither the price on the label nor the weight that follows from the price the scale knew.
    let lists = own.file("lists.json", r#"[{"code":"CHEAP","prices":[{"product":"HAM","price":"8.00"}]}]"#);
    own.json(&["import", "price-lists", lists.to_str().unwrap()]).done();
    let priced = sell(&own, "again", "2811111068708");
    assert!(receipt(&own, &priced).contains("5.289 kg x 12.99"), "{}", receipt(&own, &priced));
    own.audit();
}

#[test]
fn lot_expiry_and_serial_land_on_the_line_and_flag_without_blocking() {
    let shop = deli(&[]);
    let fresh = sell(&shop, "fresh", "]C10109501101530003310300019517501231\u{1D}10AB-1");
    let printed = receipt(&shop, &fresh);
    assert_eq!((&fresh["gross"], &fresh["warnings"]), (&json!("6.22"), &Value::Null));
    assert!(printed.contains("0.195 kg x 31.90") && printed.contains("Lot AB-1"), "{printed}");
    let old = sell(&shop, "old", "(01)09501101530003(3103)000195(17)200131");
    assert_eq!(old["warnings"], json!(["lines[0]: good until 2020-01-31, which has passed"]));
    assert!(receipt(&shop, &old).contains("EXPIRED"));

    let phone = "https://id.gs1.org/01/04006381333931/21/S-1";
    let first = sell(&shop, "first", phone);
    assert_eq!((&first["gross"], &first["warnings"]), (&json!("199.00"), &Value::Null));
    let again = sell(&shop, "again", phone);
    assert_eq!(again["warnings"], json!(["lines[0]: serial S-1 was sold before"]));
    for id in ["first", "again"] {
        shop.sell(&json!({"id": format!("{id}-back"), "refund_of": id}).to_string()).done();
    }
    assert_eq!(sell(&shop, "resold", phone)["warnings"], Value::Null, "what was taken back may be sold again");
    let twice = json!({"id": "both", "lines": [{"code": "(01)04006381333931(21)S-2", "quantity": "1"},
        {"code": "(01)04006381333931(21)S-2", "quantity": "1"}]});
    let both = shop.sell(&twice.to_string()).done().json();
    assert_eq!(both["warnings"], json!(["lines[1]: serial S-2 was sold before"]));
    shop.audit();

    shop.json(&["close", "--count", "100.00"]).done();
    assert_eq!(shop.json(&["backup", shop.path("backup").to_str().unwrap()]).done().json()["verified"], true);
}
