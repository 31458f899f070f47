//! Every parser of files from outside, as a function of bytes that must neither panic nor run without end.
//!
//! The fuzzer calls these (`fuzz_targets/`), and so does `tests/corpus.rs`, which replays the corpus and mutations of it as
//! an ordinary test.

use std::collections::BTreeMap;

use replisim::billing::PriceBook;
use replisim::formats::native::{self, Settings};
use replisim::formats::{catalogue, lifecycle, manifests, policy, price_list, quantiles, replication, traces};
use replisim::scenario::{self, Diagnostics};

/// A parser's name, which is that of its corpus folder, and the parser.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Target; 11] = [
    ("scenario", scenario),
    ("replication", replication),
    ("lifecycle", lifecycle),
    ("policy", policy),
    ("native_json", native),
    ("cloudformation", native),
    ("terraform", native),
    ("price_book", price_book),
    ("price_list", price_list),
    ("tables", tables),
    ("traces", traces),
];

/// Calls the parser of that name.
#[allow(dead_code)] // the fuzzer's way in; the test goes through all
pub fn call(name: &str, bytes: &[u8]) {
    for (_, target) in TARGETS.iter().filter(|(known, _)| *known == name) {
        target(bytes);
    }
}

/// A whole scenario, through the file system as users give it.
fn scenario(bytes: &[u8]) {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let path = directory.path().join("scenario.toml");
    std::fs::write(&path, bytes).expect("a temporary file");
    let mut diagnostics = Diagnostics::default();
    let _ = scenario::load(&path, &[], &mut diagnostics);
    let _ = diagnostics.render(false);
}

fn replication(bytes: &[u8]) {
    let _ = replication::read(&String::from_utf8_lossy(bytes));
}

fn lifecycle(bytes: &[u8]) {
    let _ = lifecycle::read(&String::from_utf8_lossy(bytes));
}

fn policy(bytes: &[u8]) {
    let _ = policy::read(&String::from_utf8_lossy(bytes));
}

/// Any of the service's, CloudFormation's and Terraform's forms.
fn native(bytes: &[u8]) {
    let Ok(text) = native::decode(bytes.to_vec()) else { return };
    let open = Settings::default();
    let given = Settings {
        account: Some("111122223333".into()),
        region: Some("us-east-1".into()),
        parameters: BTreeMap::from([("Stage".into(), "prod".into())]),
    };
    for settings in [open, given] {
        let _ = native::read(&text, &settings);
    }
}

fn price_book(bytes: &[u8]) {
    let _ = PriceBook::parse("book", &String::from_utf8_lossy(bytes));
}

fn price_list(bytes: &[u8]) {
    let _ = price_list::over_newest("list", &String::from_utf8_lossy(bytes));
}

/// Catalogues, manifests, quantiles.
fn tables(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = catalogue::read(&text);
    let _ = quantiles::points(&text);
    let _ = quantiles::values(&text);
    if let Ok(layers) = manifests::layers(&text) {
        let _ = manifests::images(&text, &layers, None, Some(3), 0);
    }
    let known = manifests::layers("layer_id,compressed_bytes\n1,1000\n2,2000\n").expect("a table of layers");
    let _ = manifests::images(&text, &known, None, None, 0);
}

fn traces(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = traces::pushes(&text, jiff::Timestamp::UNIX_EPOCH);
    let _ = traces::pulls(&text, jiff::Timestamp::UNIX_EPOCH);
}
