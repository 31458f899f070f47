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
# # Break-even: from how many pulls on does a copy pay?
#
# Read from
#
# ```
# replisim breakeven scenarios/break-even.toml
# ```
#
# One image of 2 GB is kept for 30 days. Copying it costs its transfer once and its storage; pulling it across costs its
# transfer every time. So a copy pays from k* = (copy + storage × time) / pull pulls on: (0.02 + 0.10) / 0.02 = 6.

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

STUDY = Path("../outputs/break-even-breakeven")
crossings = pd.read_csv(STUDY / "breakeven.csv")
points = pd.read_csv(STUDY / "breakeven-points.csv")
crossings[["key", "reading", "strategy_a", "strategy_b", "crossing", "ci_low", "ci_high", "unit", "method"]]

# %% [markdown]
# ## The simulation and the closed form
#
# The root was found by simulating, the closed form by arithmetic. They have to agree within the root's interval.

# %%
pulls = crossings[crossings.key == "pulls_per_image"].set_index(["reading", "method"])
by_hand = {"inter-region": (0.02 + 0.10) / 0.02, "internet": (0.02 + 0.10) / 0.09}
for reading, expected in by_hand.items():
    formula, root = pulls.loc[(reading, "closed-form")], pulls.loc[(reading, "root")]
    print(f"{reading}: {root.crossing:.2f} pulls found, {formula.crossing:.2f} by the closed form, {expected:.2f} by hand")
    assert abs(formula.crossing - expected) < 0.01
    low = 0 if pd.isna(root.ci_low) else root.ci_low  # an end beyond the range is an empty cell
    assert low <= expected <= root.ci_high

# %% [markdown]
# ## The curves
#
# Both strategies at every value of the demand, with 95 % intervals. The image is the same in all of them, so replication
# costs the same whatever the demand; pulling across costs in proportion.

# %%
figure, axes = plt.subplots(1, 2, figsize=(11, 4), sharey=True)
for axis, reading in zip(axes, by_hand):
    rows = points[(points.reading == reading) & (points.number.notna())].sort_values("number")
    for strategy, own in rows.groupby("strategy"):
        axis.plot(own.number, own.cost_usd_month, label=strategy)
        axis.fill_between(own.number, own.cost_ci_low_usd_month, own.cost_ci_high_usd_month, alpha=0.2)
    root = crossings[(crossings.key == "run.demand") & (crossings.reading == reading)].iloc[0]
    axis.axvline(root.crossing, linestyle="--", color="grey")
    axis.set(xscale="log", yscale="log", xlabel="demand, times that of the file", title=f"pulls priced {reading}")
    axis.spines[["top", "right"]].set_visible(False)
axes[0].set_ylabel("dollars a month")
axes[0].legend(frameon=False)
figure.tight_layout()

copied = points[(points.strategy == "replication") & (points.reading == "inter-region")].cost_usd_month
assert copied.max() - copied.min() < 1e-9, "what is copied does not depend on who pulls it"
