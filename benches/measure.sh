#!/usr/bin/env bash
# Everything that docs/speed.md tells, measured anew and written there: the comparison with other engines, growth, the parts.
#
#     benches/measure.sh [ROUNDS]       # turns of the comparison, 5 unless told
#
# Takes a quarter of an hour. See benches/peers/run.sh for what it needs.
set -euo pipefail
cd "$(dirname "$0")/.."
revision=$(git describe --always --dirty --exclude '*') # before the page is written
tables=$(mktemp -d)
trap 'rm -r "$tables"' EXIT

benches/peers/run.sh "${1:-5}" | tee "$tables/peers"
cargo bench --bench growth -- --docs --billion
cargo bench --bench speed | tee "$tables/parts"
{
  echo "Measured on $(date -u +%Y-%m-%d), revision $revision, with"
  echo "$(nproc) cores of $(sed -n 's/^model name\s*: //p' /proc/cpuinfo | head -n 1) at a load of $(cut -d ' ' -f 3 /proc/loadavg),"
  echo "$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release), $(rustc --version | cut -d ' ' -f 1-2), g++ $(g++ -dumpfullversion), $(python3 --version)."
} > "$tables/machine"

python3 benches/write_page.py "$tables" docs/speed.md
