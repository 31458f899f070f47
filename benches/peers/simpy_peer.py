"""Both workloads in SimPy.

    simpy_peer.py pulls SECONDS | link FLOWS COMPLETIONS

`pulls`: a process for each region makes Poisson arrivals, and a process for each pull waits for its time.
`link`: SimPy has no shared link, so `Link` is one by hand. All flows have one rate, so the one with the least left to move
ends first; `work` is what a flow that was there from the beginning would have moved, which makes the order of ends the order
of a heap that nothing shuffles. The timeout of an end that has been overtaken is ignored.
"""

import csv
import heapq
import json
import math
import random
import sys
import time
from collections import Counter
from pathlib import Path

import simpy

REGIONS = (0.060, 0.070, 0.090, 0.220)  # round trips (s)
RATE, CEILING, CAPACITY = 25.0, 70e6, 100e9 / 8  # pulls/s and region; bytes/s of a connection; bytes/s of the link


class Times:
    """A histogram of 128 bins an octave."""

    def __init__(self):
        self.bins, self.sum = Counter(), 0.0

    def add(self, seconds):
        self.bins[int((math.log2(seconds) + 20.0) * 128.0)] += 1
        self.sum += seconds

    def quantile(self, share):
        rest = share * self.bins.total()
        for index in sorted(self.bins):
            rest -= self.bins[index]
            if rest <= 0:
                return 2.0 ** ((index + 0.5) / 128.0 - 20.0)


def pulls(seconds):
    with open(Path(__file__).with_name("images.csv"), encoding="utf-8") as file:
        sizes = [float(row["image.size"].removesuffix(" MB")) * 1e6 for row in csv.DictReader(file)]
    env, times, draw = simpy.Environment(), Times(), random.Random(7)

    def pull(takes):
        begun = env.now
        yield env.timeout(takes)
        times.add(env.now - begun)

    def arrivals(round_trip):
        while True:
            yield env.timeout(draw.expovariate(RATE))
            if env.now >= seconds:
                return
            env.process(pull(3.0 * round_trip + draw.choice(sizes) / CEILING))

    for round_trip in REGIONS:
        env.process(arrivals(round_trip))
    env.run()
    count = times.bins.total()
    return {"units": count, "mean": times.sum / count, "p99": times.quantile(0.99)}


def sizes_of_flows():
    """65,536 lognormal sizes (SplitMix64, Box and Muller), the same in every program."""
    state, word = 42, (1 << 64) - 1

    def uniform():
        nonlocal state
        state = (state + 0x9E3779B97F4A7C15) & word
        z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & word
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & word
        return ((z ^ (z >> 31)) >> 11) / 2.0**53

    def size():
        radius = math.sqrt(-2.0 * math.log(1.0 - uniform()))
        return float(int(200e6 * math.exp(radius * math.cos(2.0 * math.pi * uniform()))))

    return [size() for _ in range(65536)]


class Link:
    def __init__(self, env, ended):
        self.env, self.ended = env, ended
        self.flows, self.work, self.since, self.serial, self.version = [], 0.0, 0.0, 0, 0

    def join(self, size):
        self.work += (self.env.now - self.since) * CAPACITY / max(1, len(self.flows))
        self.since = self.env.now
        self.serial += 1
        heapq.heappush(self.flows, (self.work + size, self.serial))
        self.watch()

    def watch(self):
        self.version += 1
        left = max(0.0, self.flows[0][0] - self.work) if self.flows else math.inf
        if left < math.inf:
            end = self.env.timeout(left * len(self.flows) / CAPACITY, self.version)
            end.callbacks.append(self.end)

    def end(self, event):
        if event.value == self.version:
            self.work, self.since = heapq.heappop(self.flows)[0], self.env.now
            self.watch()
            self.ended()


def link(flows, completions):
    sizes, env, ends, ended, begun, clock = sizes_of_flows(), simpy.Environment(), {}, 0, 0, 0.0
    done = env.event()

    def begin():
        nonlocal begun
        pipe.join(sizes[begun % 65536])
        begun += 1

    def end():
        nonlocal ended, clock
        ended += 1
        if ended == 1:  # measured from here on: until then all flows are being started
            clock = time.process_time()
        if ended in (1000, 10000, 100000, 1000000):
            ends[ended] = env.now
        if ended == completions:
            done.succeed()
        else:
            begin()

    pipe = Link(env, end)
    for _ in range(flows):
        begin()
    env.run(until=done)
    return {"units": completions - 1, "ends": ends, "cpu_s": time.process_time() - clock}


if __name__ == "__main__":
    begun = time.process_time()
    result = {"pulls": pulls, "link": link}[sys.argv[1]](*map(int, sys.argv[2:]))
    print(json.dumps({"peer": f"SimPy {simpy.__version__}", "cpu_s": time.process_time() - begun} | result))
