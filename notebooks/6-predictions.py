# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Predictions beside measurements
#
# The tests that hold predictions against measurements leave every pair in `outputs/validation/`. The measurements are no
# part of the repository: where nobody has run those tests (docs/validation.md says how), there is nothing to draw, and
# this notebook says so.

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

FOLDER = Path("../outputs/validation")
TITLES = {
    "transfers-between-registries": "Transfers between registries",
    "unpacking": "Unpacking on real nodes",
    "pulls-of-real-images": "Pulls of real images",
    "round-trips": "Round trips estimated from distance",
}
found = {title: FOLDER / f"{name}.csv" for name, title in TITLES.items() if (FOLDER / f"{name}.csv").exists()}
tables = {title: pd.read_csv(path) for title, path in found.items()}
missing = [title for title in TITLES.values() if title not in tables]
if missing:
    print("Not measured here: " + ", ".join(missing) + ".")

# %% [markdown]
# ## Predicted against measured
#
# A point on the line is a prediction come true; the dotted lines are 25 % off.

# %%
if tables:
    figure, axes = plt.subplots(2, 2, figsize=(13, 11))
    for axis in axes.flat[len(tables):]:
        axis.set_axis_off()
    for axis, (title, table) in zip(axes.flat, tables.items()):
        ends = [table[["measured", "predicted"]].min().min() * 0.8, table[["measured", "predicted"]].max().max() * 1.25]
        for factor, style in [(1, "-"), (0.75, ":"), (1.25, ":")]:
            axis.plot(ends, [end * factor for end in ends], style, color="0.6", linewidth=1)
        for group, rows in table.groupby("group", sort=False):
            axis.scatter(rows.measured, rows.predicted, s=14, alpha=0.7, label=group)
        unit = table.unit.iloc[0]
        axis.set(xscale="log", yscale="log", title=title, xlabel=f"measured ({unit})", ylabel=f"predicted ({unit})")
        axis.legend(frameon=False, fontsize=8, loc="lower right")
        axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()

# %% [markdown]
# ## Errors by group
#
# An error is predicted over measured, less one.

# %%
def errors(table):
    """Number, median absolute error and median error of each group."""
    table = table.assign(error=table.predicted / table.measured - 1)
    table["size"] = table.error.abs()
    by_group = table.groupby("group", sort=False)
    return pd.DataFrame({"n": by_group.size(), "median_abs": by_group["size"].median(), "median": by_group.error.median()})


for title, table in tables.items():
    print(title)
    print(errors(table).round(3).to_string(), end="\n\n")

# %%
if "Transfers between registries" in tables:
    transfers = tables["Transfers between registries"]
    alone = errors(transfers).median_abs["alone"]
    several = transfers[transfers.group.str.startswith("several")]
    together = (several.predicted / several.measured - 1).abs().median()
    print(f"A transfer alone is predicted to {100 * alone:.1f} %, one of several at once to {100 * together:.1f} % (medians).")
    assert alone <= 0.05 and together <= 0.10, "the predictions are worse than docs/validation.md says"
