//! replisim: what it costs, and how long it takes, to get container images to clusters in many regions and accounts.
//!
//! The same demand (pushes and pulls) runs in virtual time through several *strategies* (replication on push, pulls
//! across regions, pull-through caches, scheduled copies, one central registry, and a clairvoyant lower bound). What
//! comes out is metered usage, pull times and copy lags; money is worked out last, from a dated price book.
//!
//! # The rooms
//!
//! A room may use only rooms above it; `tests/architecture.rs` reads the imports and holds them against this list.
//!
//! | room | knows | must not know |
//! |---|---|---|
//! | [`units`] | bytes, time, bandwidth, money: parse, print, checked arithmetic | anything else |
//! | [`sim`] | clock, event queue, named random streams, samplers, histograms | registries, money |
//! | [`cloud`] | regions, accounts, round-trip times, links and their ceilings | what flows on them |
//! | [`registry`] | repositories, images, layers, tags, rules, policies, lifecycle, quotas | time passing, money |
//! | [`faults`] | what goes wrong, when and where | what it does to whom |
//! | [`network`] | flows in flight: fair sharing, the fast one and its slow twin | images |
//! | [`demand`] | who pushes and pulls what and when; node caches | strategies |
//! | [`strategy`] | one file per kind: what to do on a push, a pull, a tick | the event queue, money |
//! | [`ledger`] | integer metered usage | prices |
//! | [`engine`] | the loop: events, actions executed, usage metered | dollars, files |
//! | [`billing`] | price book, and bill = f(ledger, book) | how usage came about |
//! | [`formats`] | the outside world's files: replication JSON, catalogues, traces, manifests | the engine |
//! | [`scenario`] | scenario text to a checked model; diagnostics; schema | threads |
//! | [`study`] | trials in parallel, intervals, paired comparison | files, terminal |
//! | [`report`] | tables, CSV, charts, Markdown, HTML; one writer that is atomic | simulation |
//!
//! The way of the data: scenario text → draft → model → (model, trial, strategy) → engine → ledger, histograms, series →
//! bill → statistics → tables, charts, sentences. Nothing flows back.

pub mod units;
pub mod sim;
pub mod cloud;
pub mod registry;
pub mod faults;
pub mod network;
pub mod demand;
pub mod strategy;
pub mod ledger;
pub mod engine;
pub mod billing;
pub mod formats;
pub mod scenario;
pub mod study;
pub mod report;
