//! The second workload of the comparison with other engines: flows that are always as many share one link.
//!
//! `fair_link FLOWS COMPLETIONS` prints when the thousandth, ten-thousandth, .. flow ended, which every engine must agree on,
//! and the processor time. `benches/peers/run.sh` runs it beside the others; by itself, as one of all benches, it is short.

#[path = "../common/cpu.rs"]
mod cpu;
#[path = "../common/population.rs"]
mod population;

use population::Population;

fn main() {
    let mut numbers = std::env::args().skip(1).filter(|word| !word.starts_with('-')).map(|word| word.parse());
    let mut number = |default: usize| numbers.next().and_then(Result::ok).unwrap_or(default);
    let (flows, completions) = (number(200), number(1_000_000));
    let mut population = Population::on_a_link(flows, false);
    population.run(1);
    // Measured from here on: until the first end all flows are being started.
    let (begun, mut ended, mut ends) = (cpu::seconds(), 1, Vec::new());
    for checkpoint in [1_000, 10_000, 100_000, 1_000_000] {
        if checkpoint <= completions {
            let at = population.run(checkpoint - ended);
            ended = checkpoint;
            ends.push(format!(r#""{checkpoint}": {:.9}"#, at.seconds()));
        }
    }
    population.run(completions - ended);
    let (cpu_s, version) = (cpu::seconds() - begun, env!("CARGO_PKG_VERSION"));
    let (units, ends) = (completions - 1, ends.join(", "));
    println!(r#"{{"peer": "replisim {version}", "cpu_s": {cpu_s:.6}, "units": {units}, "ends": {{{ends}}}}}"#);
}
