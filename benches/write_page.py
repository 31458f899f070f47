"""Puts what was measured into its places on docs/speed.md: write_page.py FOLDER PAGE, called by measure.sh.

A file NAME of the folder goes between `<!-- NAME: .. -->` and `<!-- end of NAME -->`. The file `parts`, which divan printed
as a tree, becomes a table.
"""

import re
import sys
from pathlib import Path

BRANCHES = "│├╰─ "


def table_of(tree):
    """A row a measurement: its path in the tree, and items per second: of the fastest sample, and the median."""
    rows, path = ["| part | items per second, fastest | median |", "|---|---:|---:|"], []
    for line in tree.splitlines():
        name = line.lstrip(BRANCHES)
        depth = (len(line) - len(name)) // 3
        cells = [cell.strip() for cell in name.split("│")]
        if "item/s" not in name:
            path = [*path[: depth - 1], cells[0].split()[0]] if name and depth else []
        else:
            fastest, _, median = (rate(cell) for cell in cells[:3])
            rows.append(f"| {' '.join(path)} | {fastest} | {median} |".replace("_", " "))
    return "\n".join(rows)


def rate(cell):
    number, unit = cell.split()
    return f"{float(number):.3g} {unit.removesuffix('item/s')}".strip().replace("K", "k")


def main():
    folder, page = map(Path, sys.argv[1:])
    text = page.read_text(encoding="utf-8")
    for file in folder.iterdir():
        body = file.read_text(encoding="utf-8").strip()
        if file.name == "parts":
            body = table_of(body)
        marks = rf"(<!-- {file.name}: [^>]* -->\n).*?(<!-- end of {file.name} -->)"
        text, found = re.subn(marks, lambda at, body=body: f"{at[1]}{body}\n{at[2]}", text, flags=re.DOTALL)
        if found != 1:
            sys.exit(f"{page} has no place for {file.name}")
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
