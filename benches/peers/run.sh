#!/usr/bin/env bash
# The comparison with other engines, from nothing: installs what it needs, builds, runs everything in turns, checks that
# all engines give the same answers, and prints the tables of docs/speed.md.
#
#     benches/peers/run.sh [ROUNDS]       # 5 unless told
#
# Needs a Rust toolchain, Linux with g++, SimGrid and Python 3, and the package indexes of cargo and pip.
set -euo pipefail
cd "$(dirname "$0")"

need() { # COMMAND THAT MUST SUCCEED, PACKAGE..
  local test=$1
  shift
  if ! eval "$test" >/dev/null 2>&1; then
    if [ "$(id -u)" != 0 ]; then
      echo "missing: install $* (on Debian or Ubuntu: sudo apt-get install $*)" >&2
      exit 1
    fi
    apt-get update -q >&2 && apt-get install -qy "$@" >&2
  fi
}
need 'g++ --version' g++
need 'echo "#include <simgrid/s4u.hpp>" | g++ -std=c++17 -fsyntax-only -x c++ -' libsimgrid-dev
need 'python3 -c "import venv, ensurepip"' python3 python3-venv

target=$(cargo metadata --no-deps --format-version 1 | python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')
peers=$target/peers
mkdir -p "$peers"

fair_link=$(cargo bench --manifest-path ../../Cargo.toml --bench fair_link --no-run 2>&1 | tee >(cat >&2) | sed -n 's/.*Executable.*(\(.*\))$/\1/p')
cargo build --release --manifest-path ../../Cargo.toml
cargo build --release --locked --manifest-path rust/Cargo.toml --target-dir "$peers/rust"
g++ -O3 -std=c++17 simgrid_peer.cpp -lsimgrid -o "$peers/simgrid_peer"
[ -x "$peers/venv/bin/python" ] || python3 -m venv "$peers/venv"
"$peers/venv/bin/pip" install --quiet --disable-pip-version-check simpy==4.1.2

cd ../.. # where a relative path of the bench is one from
exec python3 benches/peers/compare.py \
  --rounds "${1:-5}" \
  --replisim "$target/release/replisim" \
  --fair-link "$fair_link" \
  --simulacra "$peers/rust/release/simulacra_peer" \
  --simgrid "$peers/simgrid_peer" \
  --simpy "$peers/venv/bin/python benches/peers/simpy_peer.py"
