#!/usr/bin/env bash
# Everything that docs/speed.md tells, measured anew and written there: the comparison with other engines, growth, the parts.
#
#     benches/measure.sh [ROUNDS]       # turns of the comparison, 5 unless told
#
# Takes a quarter of an hour. See benches/peers/run.sh for what it needs.
set -euo pipefail
cd "$(dirname "$0")/.."
tables=$(mktemp -d)
trap 'rm -r "$tables"' EXIT

benches/peers/run.sh "${1:-5}" | tee "$tables/peers"
cargo bench --bench growth -- --docs
{ echo '```text' && cargo bench --bench speed | sed -e 's/ *$//' -e '/^$/d' && echo '```'; } | tee "$tables/parts"
{
  echo "Measured on $(date -u +%Y-%m-%d), version $(git describe --always --dirty --exclude '*'):"
  echo "$(nproc) cores of $(sed -n 's/^model name\s*: //p' /proc/cpuinfo | head -n 1), $(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release),"
  echo "$(rustc --version | cut -d ' ' -f 1-2), $(g++ --version | head -n 1), $(python3 --version)."
} > "$tables/machine"

python3 - "$tables" docs/speed.md <<'PAGE'
"""Puts each table between its marks."""
import pathlib, re, sys
tables, page = map(pathlib.Path, sys.argv[1:])
text = page.read_text(encoding="utf-8")
for table in tables.iterdir():
    marks = rf"(<!-- {table.name}: .*? -->\n).*?(<!-- end of {table.name} -->)"
    body = table.read_text(encoding="utf-8").strip()
    text, found = re.subn(marks, lambda at: f"{at[1]}{body}\n{at[2]}", text, flags=re.DOTALL)
    if not found:
        sys.exit(f"{page} has no place for {table.name}")
page.write_text(text, encoding="utf-8")
PAGE
