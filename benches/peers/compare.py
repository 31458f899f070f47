"""Runs the same two workloads in every engine, in turns, checks the answers, and prints tables as Markdown.

Called by run.sh, which builds the programs. A turn is one run of each program, so that a busy moment of the machine falls on
all of them. What is compared is processor time per item, the median of all turns. The exit code is 1 when answers differ.
"""

import argparse
import csv
import json
import math
import resource
import shlex
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
REGIONS = (0.060, 0.070, 0.090, 0.220)  # round trips (s), as in pulls.toml
RATE, CEILING = 4 * 25.0, 70e6  # pulls/s of all regions; bytes/s of a connection

ENGINES = ("replisim", "simulacra", "simgrid", "simpy")
# How much each engine runs: what is slow runs less.
SECONDS = {"replisim": 50_000, "simulacra": 20_000, "simgrid": 5_000, "simpy": 1_000}
FLOWS = (10, 100, 1_000, 10_000)
COMPLETIONS = {
    "replisim": dict.fromkeys(FLOWS, 1_000_000),
    "simulacra": dict.fromkeys(FLOWS, 1_000_000),
    "simgrid": {10: 100_000, 100: 10_000, 1_000: 2_000, 10_000: 1_000},
    "simpy": dict.fromkeys(FLOWS, 100_000),
}
# Ends of flows agree to so many parts: some engines count nanoseconds, others the bits of a float.
ENDS_AGREE = 1e-8
# A quantile is as exact as the widest histogram's bins, 128 to an octave.
P99_AGREES = 0.006


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, required=True)
    for program in ("replisim", "fair-link", "simulacra", "simgrid", "simpy"):
        parser.add_argument(f"--{program}", type=shlex.split, required=True)
    return parser.parse_args()


def output(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{shlex.join(command)} failed:\n{done.stderr}")
    return done.stdout


def pulls(engine, programs):
    seconds = SECONDS[engine]
    if engine == "replisim":
        return replisim_pulls(programs, seconds)
    images = [] if engine == "simpy" else [str(HERE / "images.csv")]
    return json.loads(output([*getattr(programs, engine), "pulls", *images, str(seconds), *quiet(engine)]))


def replisim_pulls(programs, seconds):
    """The finished program: metered, priced, reported. Its tables have the answers.

    The processor time of its engine is not told, but it is at most the engine's time by the clock, which run.json has, and
    at most the processor time of the whole program, reading and reporting included: so the smaller of these.
    """
    with tempfile.TemporaryDirectory() as out:
        scenario = [str(HERE / "pulls.toml"), "--set", f"run.duration={seconds}s"]
        command = ["--quiet", "run", *scenario, "--jobs", "1", "--out", out]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        output([*programs.replisim, *command])
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        run = json.loads((Path(out) / "run.json").read_text(encoding="utf-8"))
        pulls = [row for row in rows(out, "latency") if (row["event"], row["region"]) == ("pull", "all")]
        latency = {row["quantile"]: float(row["seconds"]) for row in pulls}
        (summary,) = rows(out, "summary")
    return {
        "peer": "replisim",
        "cpu_s": min(run["engine_seconds"], after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime),
        "units": round(float(summary["pulls"])),
        "mean": latency["mean"],
        "p99": latency["p99"],
    }


def rows(out, table):
    with open(Path(out) / f"{table}.csv", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def link(engine, programs, flows):
    program = programs.fair_link if engine == "replisim" else [*getattr(programs, engine), "link"]
    return json.loads(output([*program, str(flows), str(COMPLETIONS[engine][flows]), *quiet(engine)]))


def quiet(engine):
    return ["--log=root.thres:error"] if engine == "simgrid" else []


def check_pulls(results):
    """Against the law itself: three round trips and the bytes of an image, each image and region as likely as the others."""
    with open(HERE / "images.csv", encoding="utf-8") as file:
        sizes = [float(row["image.size"].removesuffix(" MB")) * 1e6 for row in csv.DictReader(file)]
    times = sorted(3 * trip + size / CEILING for trip in REGIONS for size in sizes)
    mean, p99 = statistics.fmean(times), times[math.ceil(0.99 * len(times)) - 1]
    wrong = []
    for engine, runs in results.items():
        for run in runs:
            allowed = 4 * statistics.pstdev(times) / math.sqrt(run["units"])
            if abs(run["mean"] - mean) > allowed:
                wrong.append(f"{engine}: the mean pull takes {run['mean']:.4f} s instead of {mean:.4f} ± {allowed:.4f}")
            if abs(run["p99"] / p99 - 1) > P99_AGREES:
                wrong.append(f"{engine}: of 100 pulls one takes {run['p99']:.3f} s instead of {p99:.3f}")
            expected = RATE * SECONDS[engine]
            if abs(run["units"] - expected) > 5 * math.sqrt(expected):
                wrong.append(f"{engine}: {run['units']} pulls instead of about {expected:.0f}")
    print(f"mean {mean:.4f} s and p99 {p99:.2f} s by the law; measured:", file=sys.stderr)
    for engine, (run, *_) in results.items():
        print(f"  {engine}: mean {run['mean']:.4f}, p99 {run['p99']:.2f}, {run['units']} pulls", file=sys.stderr)
    return wrong


def check_link(flows, results):
    wrong, most = [], 0.0
    known = results["simulacra"][0]["ends"]
    for engine, runs in results.items():
        for run in runs:
            common = known.keys() & run["ends"].keys()
            if not common:
                wrong.append(f"{flows} flows: {engine} tells no end that another one tells")
            for count in common:
                apart = abs(run["ends"][count] / known[count] - 1)
                most = max(most, apart)
                if apart > ENDS_AGREE:
                    wrong.append(f"{flows} flows, end {count}: {engine} has {run['ends'][count]}, simulacra {known[count]}")
    print(f"{flows} flows: ends agree to {most:.1e}", file=sys.stderr)
    return wrong


def nanoseconds(runs):
    return [run["cpu_s"] / run["units"] * 1e9 for run in runs]


def rate(ns):
    """Items per second with two digits: `7.4 M`, `190 k`, `830`."""
    per_second = 1e9 / ns
    for unit, name in ((1e6, " M"), (1e3, " k"), (1.0, "")):
        if per_second >= unit:
            digits = 1 if per_second < 9.95 * unit else 0
            return f"{per_second / unit:.{digits}f}{name}"
    return f"{per_second:.2f}"


def times(ratio):
    return f"{ratio:.2f}" if ratio < 0.95 else f"{ratio:.1f}" if ratio < 9.95 else f"{float(f'{ratio:.2g}'):,.0f}"


def main():
    programs = arguments()
    works = {"steady pulls": lambda engine: pulls(engine, programs)}
    for flows in FLOWS:
        works[f"fair link, {flows:,} flows in flight"] = lambda engine, flows=flows: link(engine, programs, flows)
    results = {work: {engine: [] for engine in ENGINES} for work in works}
    for turn in range(programs.rounds):
        print(f"turn {turn + 1} of {programs.rounds}", file=sys.stderr)
        for work, run in works.items():
            for engine in ENGINES:
                results[work][engine].append(run(engine))

    wrong = check_pulls(results["steady pulls"])
    for flows in FLOWS:
        wrong += check_link(flows, results[f"fair link, {flows:,} flows in flight"])

    names = {engine: results[f"fair link, {FLOWS[0]:,} flows in flight"][engine][0]["peer"] for engine in ENGINES}
    print("Items per second of one core, and in brackets how many times as fast replisim is:\n")
    print("| work | " + " | ".join(names.values()) + " |")
    print("|---|" + "---:|" * len(ENGINES))
    for work, by_engine in results.items():
        medians = {engine: statistics.median(nanoseconds(runs)) for engine, runs in by_engine.items()}
        cells = [f"**{rate(medians['replisim'])}**"]
        cells += [f"{rate(ns)} ({times(ns / medians['replisim'])}×)" for engine, ns in medians.items() if engine != "replisim"]
        print(f"| {work} | " + " | ".join(cells) + " |")
    print(f"\nNanoseconds per item: median (least to most) of {programs.rounds} turns; items in a turn:\n")
    print("| work | " + " | ".join(names.values()) + " |")
    print("|---|" + "---:|" * len(ENGINES))
    for work, by_engine in results.items():
        cells = []
        for runs in by_engine.values():
            ns = nanoseconds(runs)
            digits = 0 if min(ns) >= 100 else 1
            spread = f"{statistics.median(ns):,.{digits}f} ({min(ns):,.{digits}f} to {max(ns):,.{digits}f})"
            cells.append(f"{spread}; {runs[0]['units']:,.0f}")
        print(f"| {work} | " + " | ".join(cells) + " |")

    if wrong:
        sys.exit("the answers differ:\n" + "\n".join(sorted(set(wrong))))
    print("\nThe answers agree: ends of flows to eight digits, mean pull times within four standard errors of the law,")
    print(f"99th percentiles to {P99_AGREES:.1%}.")


if __name__ == "__main__":
    main()
