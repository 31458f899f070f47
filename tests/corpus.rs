//! The fuzzer's corpus as an ordinary test: every parser on every seed of its own, and on thousands of seeds broken in the
//! ways that files break. No panic, and no more memory than the input accounts for.
//!
//! What the fuzzer finds goes into `fuzz/corpus/<target>/` and is then held here for good.

#[path = "../fuzz/targets.rs"]
mod targets;

use std::path::Path;

use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Mutations of each seed.
const MUTATIONS: u64 = 150;

/// Memory that a parser may hold, whatever its input: tables of prices and time zones, a report of problems.
const FLOOR: usize = 32 << 20;

/// Bytes held per byte of input: a tree with places is large beside its text.
const PER_BYTE: usize = 400;

/// Seeds of a target, by file name.
fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut seeds: Vec<(String, Vec<u8>)> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("readable").path())
        .map(|path| (path.display().to_string(), std::fs::read(&path).expect("readable")))
        .collect();
    seeds.sort();
    seeds
}

/// A step of SplitMix64: enough randomness to break files with, the same on every machine.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Breaks a file: cuts it, changes, doubles or deletes a piece of it, or puts something nasty in.
fn broken(seed: &[u8], state: &mut u64) -> Vec<u8> {
    const NASTY: [&[u8]; 12] = [
        b"\0",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"[[[[[[[[[[[[[[[[",
        b"{\"a\":{\"a\":{\"a\":",
        b"99999999999999999999999",
        b"1e999",
        b"-1",
        b"\"",
        b"\r\n",
        "😀\u{202e}".as_bytes(),
        b"&a *a *a *a",
    ];
    let mut bytes = seed.to_vec();
    for _ in 0..1 + next(state) % 3 {
        let at = (next(state) % (bytes.len() as u64 + 1)) as usize;
        let end = (at + (next(state) % 40) as usize).min(bytes.len());
        match next(state) % 6 {
            0 => bytes.truncate(at),
            1 if at < bytes.len() => bytes[at] ^= 1 << (next(state) % 8),
            2 => drop(bytes.drain(at..end)),
            3 => {
                let piece = bytes[at..end].repeat(1 + (next(state) % 200) as usize);
                bytes.splice(at..at, piece);
            }
            4 => drop(bytes.splice(at..end, NASTY[(next(state) % 12) as usize].iter().copied())),
            _ => {
                let piece = NASTY[(next(state) % 12) as usize].repeat(1 + (next(state) % 300) as usize);
                bytes.splice(at..at, piece);
            }
        }
    }
    bytes
}

#[test]
fn every_parser_survives_its_corpus_and_what_files_break_into() {
    for (name, parse) in targets::TARGETS {
        let seeds = seeds(name);
        assert!(!seeds.is_empty(), "`{name}` has no corpus");
        let mut state = name.bytes().fold(0, |state: u64, byte| state.wrapping_mul(31).wrapping_add(u64::from(byte)));
        for (file, seed) in &seeds {
            let inputs = std::iter::once(seed.clone()).chain((0..MUTATIONS).map(|_| broken(seed, &mut state)));
            for (round, input) in inputs.enumerate() {
                let before = MEMORY.current_usage();
                MEMORY.reset_peak_usage();
                let outcome = std::panic::catch_unwind(|| parse(&input));
                let most = MEMORY.peak_usage() - before;
                if outcome.is_err() || most > FLOOR + PER_BYTE * input.len() {
                    let kept = std::env::temp_dir().join(format!("replisim-{name}-{round}"));
                    std::fs::write(&kept, &input).expect("writable");
                    let what = if outcome.is_err() { "panics".to_owned() } else { format!("holds {most} bytes") };
                    panic!(
                        "`{name}` {what} on {file}, mutation {round} ({} bytes), kept in {}",
                        input.len(),
                        kept.display()
                    );
                }
            }
        }
    }
}
