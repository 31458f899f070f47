#!/usr/bin/env bash
# Makes the results that the notebooks read, executes every notebook, and fails when an assertion in one of them does.
# Executed copies, with their pictures, go to target/notebooks/. It needs python3 and the packages of requirements.txt,
# which it installs into target/notebooks/python; neither the program nor `cargo test` needs any of it.
set -euo pipefail
cd "$(dirname "$0")/.."

work=target/notebooks
python=$work/python/bin
mkdir -p "$work"
if ! cmp -s notebooks/requirements.txt "$work/installed.txt"; then
  # Debian keeps what a virtual environment needs in a package of its own.
  python3 -m venv "$work/python" || { apt-get update -qq && apt-get install -qq -y python3-venv && python3 -m venv "$work/python"; }
  "$python/pip" install --quiet --disable-pip-version-check -r notebooks/requirements.txt
  cp notebooks/requirements.txt "$work/installed.txt"
fi

cargo build --release --quiet
replisim() { ./target/release/replisim --quiet "$@"; }
[ -f outputs/quickstart/run.json ] || replisim run scenarios/quickstart.toml
replisim run scenarios/quickstart.toml --set run.duration=365d --trials 5 --out outputs/quickstart-year
replisim run scenarios/disaster-recovery.toml
replisim breakeven scenarios/break-even.toml

for twin in notebooks/*.py; do
  notebook=${twin%.py}.ipynb
  # Both forms of a notebook say the same: the script is what people review, the notebook what they open.
  "$python/jupytext" --quiet --to py:percent --output - "$notebook" | cmp - "$twin" || {
    echo "$twin and $notebook differ; 'jupytext --sync $twin' mends it" >&2
    exit 1
  }
  echo "== $notebook"
  "$python/jupyter" nbconvert --to notebook --execute "$notebook" --output-dir "$work" --log-level ERROR 2> "$work/log.txt" || {
    cat "$work/log.txt" >&2
    exit 1
  }
done
