// Both workloads in SimGrid (S4U).
//
//     simgrid_peer pulls IMAGES.CSV SECONDS | link FLOWS COMPLETIONS
//
// `pulls`: an actor for each region makes Poisson arrivals and hands each pull to a pool of actors, which sleep for its time.
// An actor of its own for each pull would be shorter to write and eight times as slow. The pool is never all busy: a pull
// that had to wait for an actor would be found by the times that come out.
// `link`: as many actors as flows send one after the other over one link of the CM02 model without its corrections for TCP,
// which makes the link an ideal, fairly shared pipe.
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <fstream>
#include <map>
#include <random>
#include <simgrid/s4u.hpp>
#include <simgrid/version.h>
#include <string>
#include <time.h>
#include <unistd.h>
#include <vector>

namespace s4u = simgrid::s4u;

static const std::array<double, 4> REGIONS{0.060, 0.070, 0.090, 0.220}; // round trips (s)
static const double RATE = 25.0, CEILING = 70e6, CAPACITY = 100e9 / 8;  // pulls/s and region; bytes/s
static const int POOL = 200;                                            // actors a region

static double cpu_seconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec + now.tv_nsec * 1e-9;
}

// Prints the answer and leaves: taking thousands of actors down is not what is measured.
static void answer(double begun, uint64_t units, const std::string& rest) {
  printf("{\"peer\": \"SimGrid %d.%d\", \"cpu_s\": %.6f, \"units\": %lu, %s}\n", SIMGRID_VERSION_MAJOR,
         SIMGRID_VERSION_MINOR, cpu_seconds() - begun, units, rest.c_str());
  fflush(stdout);
  _exit(0);
}

// A histogram of 128 bins an octave.
struct Times {
  std::map<int, uint64_t> bins;
  uint64_t count = 0;
  double sum = 0;
  void add(double seconds) {
    bins[(int)((std::log2(seconds) + 20) * 128)]++;
    count++;
    sum += seconds;
  }
  double quantile(double share) const {
    double rest = share * count;
    for (auto [index, bin] : bins)
      if ((rest -= bin) <= 0)
        return std::exp2((index + 0.5) / 128 - 20);
    return NAN;
  }
};

static void pulls(s4u::Engine& engine, const char* images, double seconds) {
  std::vector<double> sizes;
  std::ifstream file(images);
  std::string line;
  for (std::getline(file, line); std::getline(file, line);)
    sizes.push_back(std::stod(line.substr(line.find(',') + 1)) * 1e6);

  struct Region {
    std::deque<std::pair<double, double>> asked; // when, and how long the pull takes
    s4u::SemaphorePtr ready = s4u::Semaphore::create(0);
  };
  std::array<Region, REGIONS.size()> regions;
  Times times;
  std::mt19937_64 draw(7);
  std::exponential_distribution<double> gap(RATE);
  std::uniform_int_distribution<size_t> pick(0, sizes.size() - 1);
  auto* host = engine.get_netzone_root()->create_host("host", 1e9)->seal();
  engine.get_netzone_root()->seal();

  const double begun = cpu_seconds();
  for (size_t r = 0; r < REGIONS.size(); r++) {
    auto* region = &regions[r];
    const double round_trip = REGIONS[r];
    s4u::Actor::create("arrivals", host, [&, region, round_trip] {
      for (;;) {
        s4u::this_actor::sleep_for(gap(draw));
        const double now = s4u::Engine::get_clock();
        if (now >= seconds)
          return;
        region->asked.emplace_back(now, 3 * round_trip + sizes[pick(draw)] / CEILING);
        region->ready->release();
      }
    });
    for (int i = 0; i < POOL; i++)
      s4u::Actor::create("pull", host, [&, region] {
        for (;;) {
          region->ready->acquire();
          auto [asked, takes] = region->asked.front();
          region->asked.pop_front();
          s4u::this_actor::sleep_for(takes);
          times.add(s4u::Engine::get_clock() - asked);
        }
      })->daemonize();
  }
  // The pool would be taken down with the last actor that is not of it.
  s4u::Actor::create("patience", host, [&] { s4u::this_actor::sleep_for(seconds + 100); });
  engine.run();
  char rest[100];
  snprintf(rest, sizeof rest, "\"mean\": %.9f, \"p99\": %.9f", times.sum / times.count, times.quantile(0.99));
  answer(begun, times.count, rest);
}

// 65,536 lognormal sizes (SplitMix64, Box and Muller), the same in every program.
static std::vector<double> sizes_of_flows() {
  uint64_t state = 42;
  auto uniform = [&] {
    uint64_t z = state += 0x9E3779B97F4A7C15ull;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return ((z ^ (z >> 31)) >> 11) * 0x1p-53;
  };
  std::vector<double> sizes(65536);
  for (auto& size : sizes) {
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    size = std::floor(200e6 * std::exp(radius * std::cos(2 * M_PI * uniform())));
  }
  return sizes;
}

static void link(s4u::Engine& engine, int flows, uint64_t completions) {
  const auto sizes = sizes_of_flows();
  auto* zone = engine.get_netzone_root();
  auto *from = zone->create_host("from", 1e9)->seal(), *to = zone->create_host("to", 1e9)->seal();
  auto* pipe = zone->create_link("pipe", CAPACITY)->set_latency(0)->seal();
  zone->add_route(from->get_netpoint(), to->get_netpoint(), nullptr, nullptr, {s4u::LinkInRoute(pipe)}, false);
  zone->seal();

  uint64_t started = 0, ended = 0;
  std::string ends;
  double begun = 0;
  for (int i = 0; i < flows; i++)
    s4u::Actor::create("flow", from, [&] {
      for (;;) {
        s4u::Comm::sendto(from, to, (uint64_t)sizes[started++ % sizes.size()]);
        // Measured from the first end on: until then all flows are being started.
        if (++ended == 1)
          begun = cpu_seconds();
        if (ended == 1000 || ended == 10000 || ended == 100000) {
          char end[60];
          snprintf(end, sizeof end, "%s\"%lu\": %.9f", ends.empty() ? "" : ", ", ended, s4u::Engine::get_clock());
          ends += end;
        }
        if (ended == completions)
          answer(begun, completions - 1, "\"ends\": {" + ends + "}");
      }
    });
  engine.run();
}

int main(int argc, char** argv) {
  s4u::Engine engine(&argc, argv);
  for (auto* setting : {"network/model:CM02", "network/crosstraffic:0", "network/TCP-gamma:0", "network/bandwidth-factor:1.0",
                        "network/latency-factor:1.0", "network/weight-S:0", "contexts/stack-size:16"})
    engine.set_config(setting);
  s4u::create_full_zone("world");
  if (std::string(argv[1]) == "pulls")
    pulls(engine, argv[2], std::stod(argv[3]));
  else
    link(engine, std::stoi(argv[2]), std::stoull(argv[3]));
}
