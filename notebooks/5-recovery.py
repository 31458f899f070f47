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
# # Recovery
#
# A region goes down; a standby has to come up elsewhere. Which strategies have the images there? Read from
#
# ```
# replisim run scenarios/disaster-recovery.toml
# ```

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

RUN = Path("../outputs/disaster-recovery")
recovery = pd.read_csv(RUN / "recovery.csv")
disruptions = pd.read_csv(RUN / "disruptions.csv")
objectives = pd.read_csv(RUN / "objectives.csv")
LIMIT = 4 * 3600  # the scenario's objective

table = recovery.groupby("strategy").agg(
    trials=("trial", "size"),
    recovered=("recovery_s", "count"),
    median_hours=("recovery_s", lambda seconds: seconds.median() / 3600),
    worst_hours=("recovery_s", lambda seconds: seconds.max() / 3600),
    images_missing=("images_missing", "mean"),
)
table.round(2)

# %% [markdown]
# ## Who makes it within four hours

# %%
within = recovery.assign(met=recovery.recovery_s <= LIMIT).groupby("strategy").met.mean()
for name, share in within.items():
    print(f"{name}: within 4 h in {share:.0%} of the trials")
judged = objectives[(objectives.region == "all") & (objectives.strategy.isin(within.index))].set_index("strategy")
assert ((judged.probability_met - within[judged.index]).abs() < 1e-9).all(), "the same as objectives.csv says"
assert within["replication"] == 1 and within["cross-region-pull"] == 0

# %% [markdown]
# ## Pulls around the outage
#
# Served above the line, failed below it; time is counted from the start of the outage.

# %%
names = sorted(disruptions.strategy.unique())
figure, axes = plt.subplots(len(names), 1, figsize=(9, 2.1 * len(names)), sharex=True)
for axis, name in zip(axes, names):
    rows = disruptions[disruptions.strategy == name].groupby("seconds_from_start")[["served", "failed"]].sum()
    hours = rows.index / 3600
    width = disruptions.bin_s.iloc[0] / 3600
    axis.bar(hours, rows.served, width=width, align="edge", color="#6c86a3")
    axis.bar(hours, -rows.failed, width=width, align="edge", color="#b42318")
    axis.axhline(0, color="black", linewidth=0.8)
    axis.set_title(name, loc="left", fontsize=10)
    axis.spines[["top", "right"]].set_visible(False)
axes[-1].set_xlabel("hours from the start of the outage")
figure.tight_layout()

missing = recovery.groupby("strategy").images_missing.mean()
print(f"Without copies {missing['cross-region-pull']:.0f} releases are missing at the standby, with replication {missing['replication']:.1f}.")
assert missing["replication"] < missing["cross-region-pull"]
