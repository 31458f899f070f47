//! What a sweep is, for `sweep.json`: enough to run it again, to go on with it, and to tell two sweeps apart.
//!
//! Nothing in it depends on when, where or how fast the sweep was run.

use serde::{Deserialize, Serialize};

use super::{Method, Shard, Sweep};
use crate::scenario::{Input, Scenario};

/// Everything about a sweep that is not a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Of the scenario.
    pub title: String,
    /// The scenario file as given on the command line.
    pub scenario: String,
    /// Of this program.
    pub version: String,
    /// What runs it again.
    pub command: String,
    /// `--set` arguments, seed and trials included where given.
    pub settings: Vec<String>,
    /// Strategies asked for; empty = all.
    pub strategies: Vec<String>,
    /// Master seed of the scenario itself.
    pub seed: u64,
    /// Trials of the scenario itself.
    pub trials: u64,
    /// What differences are taken against, in the scenario itself.
    pub baseline: String,
    /// Price book of the scenario itself.
    pub price_book: String,
    /// How points were chosen.
    pub method: Method,
    /// What is varied.
    pub keys: Vec<KeyRecord>,
    /// Points of the whole sweep.
    pub points: u64,
    /// Which part of it this is; absent for the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// What a reader of results must know.
    pub notes: Vec<String>,
    /// Every file that the points read, by name.
    pub inputs: Vec<Input>,
}

/// A key that is varied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeyRecord {
    /// Its dotted path.
    pub key: String,
    /// The argument of `--vary`.
    pub vary: String,
    /// What its numbers are counted in; empty for plain numbers, absent when values are no numbers.
    pub unit: Option<String>,
    /// The values of a grid; of a Latin hypercube both ends of the range.
    pub values: Vec<String>,
}

impl Record {
    /// The record of `sweep`; `scenario` is loaded without the settings of any point, `vary` are the arguments as typed.
    pub fn of(sweep: &Sweep, scenario: &Scenario, vary: &[String], shard: Option<Shard>, inputs: Vec<Input>) -> Record {
        let plan = &sweep.plan;
        let keys = plan.keys.iter().zip(vary).map(|(key, text)| {
            let is_number = key.values.iter().all(|value| key.measure(value).is_some());
            let ends = || [key.values.first(), key.values.last()].into_iter().flatten().cloned().collect();
            KeyRecord {
                key: key.key.clone(),
                vary: text.clone(),
                unit: is_number.then(|| key.unit()),
                values: if plan.method == Method::Grid { key.values.clone() } else { ends() },
            }
        });
        let path = sweep.path.display().to_string();
        let mut words = vec!["replisim".to_string(), "sweep".into(), quoted(&path)];
        let mut option = |name: &str, value: &str| words.extend([name.to_string(), quoted(value)]);
        vary.iter().for_each(|text| option("--vary", text));
        if plan.method == Method::LatinHypercube {
            option("--lhs", &plan.points.len().to_string());
        }
        sweep.settings.iter().for_each(|text| option("--set", text));
        sweep.strategies.iter().for_each(|text| option("--strategy", text));
        Record {
            title: scenario.title.clone(),
            scenario: path,
            version: env!("CARGO_PKG_VERSION").into(),
            command: words.join(" "),
            settings: sweep.settings.clone(),
            strategies: sweep.strategies.clone(),
            seed: scenario.run.seed,
            trials: scenario.run.trials,
            baseline: scenario.model.strategies[scenario.run.baseline].name.clone(),
            price_book: scenario.terms.book.name.clone(),
            method: plan.method,
            keys: keys.collect(),
            points: plan.points.len() as u64,
            shard,
            notes: scenario.notes.clone(),
            inputs,
        }
    }

    /// Numbers of the points that are to be there, from 1.
    pub fn numbers(&self) -> impl Iterator<Item = u64> {
        let shard = self.shard;
        (0..self.points).filter(move |point| shard.is_none_or(|it| it.holds(*point as usize))).map(|point| point + 1)
    }

    /// In what two records are of different sweeps, in words; which shard it is does not count. Nothing when they
    /// belong together.
    pub fn differences(&self, other: &Record) -> Vec<String> {
        let parts = [
            ("the version of replisim", self.version != other.version),
            ("the scenario's path", self.scenario != other.scenario),
            ("--vary or --lhs", self.keys != other.keys || self.method != other.method || self.points != other.points),
            ("--set", self.settings != other.settings),
            ("--strategy", self.strategies != other.strategies),
            ("the seed", self.seed != other.seed),
            ("the number of trials", self.trials != other.trials),
        ];
        let named = parts.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name.to_string());
        // Shards may read different files; of the same file they must have read the same bytes.
        let changed = self
            .inputs
            .iter()
            .filter(|own| other.inputs.iter().any(|input| input.file == own.file && input.sha256 != own.sha256));
        named.chain(changed.map(|input| format!("the contents of `{}`", input.file))).collect()
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+%@".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_string()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
