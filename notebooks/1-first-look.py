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
# # A first look at a run
#
# What did `replisim run scenarios/quickstart.toml` leave, and how do its tables fit together? Everything here is read from
# `outputs/quickstart/`. Each number that is told is tied to the CSV by an assertion: if the files change, the notebook
# fails instead of telling something else.

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

RUN = Path("../outputs/quickstart")
summary = pd.read_csv(RUN / "summary.csv").set_index("strategy")
bill = pd.read_csv(RUN / "bill.csv")
trials = pd.read_csv(RUN / "trials.csv")
comparison = pd.read_csv(RUN / "comparison.csv")
systems = summary[summary.kind != "clairvoyant"]  # the bound is no system

summary[["trials", "cost_usd_month", "cost_ci_low_usd_month", "cost_ci_high_usd_month", "pull_p95_s", "lag_p95_s"]].round(3)

# %% [markdown]
# ## The answer
#
# The cheapest strategy, and how sure that is.

# %%
cheapest = systems.cost_usd_month.idxmin()
baseline = comparison.baseline.iloc[0]
against = comparison[(comparison.strategy == cheapest) & (comparison.metric == "cost")].iloc[0]
print(
    f"{cheapest} costs ${systems.cost_usd_month[cheapest]:.2f} a month, "
    f"${-against.difference:.2f} less than {baseline} (95 % interval ${-against.ci_high:.2f} to ${-against.ci_low:.2f})."
)
assert against.ci_high < 0, "the saving is beyond chance"
assert abs(systems.cost_usd_month[cheapest] - systems.cost_usd_month[baseline] - against.difference) < 1e-9

# %% [markdown]
# ## Every dollar has a row
#
# `bill.csv` sums to `trials.csv`, trial by trial, to the last billionth of a dollar; its mean is `summary.csv`.

# %%
from decimal import Decimal

exact = pd.read_csv(RUN / "bill.csv", dtype={"cost_usd": str})
by_trial = exact.groupby(["strategy", "trial"]).cost_usd.agg(lambda cells: sum(map(Decimal, cells)))
told = pd.read_csv(RUN / "trials.csv", dtype={"cost_usd": str}).set_index(["strategy", "trial"]).cost_usd.map(Decimal)
assert (by_trial == told.loc[by_trial.index]).all()

months = trials.months.iloc[0]
by_item = bill.groupby(["strategy", "line_item"]).cost_usd.sum().unstack(fill_value=0) / (trials.trial.max() * months)
assert ((by_item.sum(axis=1) - summary.cost_usd_month[by_item.index]).abs() < 1e-9).all()

order = systems.cost_usd_month.sort_values(ascending=False).index
axis = by_item.loc[order].plot.barh(stacked=True, figsize=(9, 4), width=0.7)
axis.set(xlabel="dollars a month", ylabel="", title=f"{cheapest} is the cheapest")
axis.legend(title="", frameon=False)
axis.spines[["top", "right"]].set_visible(False)
plt.tight_layout()

# %% [markdown]
# ## Pairing
#
# Every strategy of a trial meets the same pushes and pulls, so a difference is known better than the costs themselves: the
# demand of a busy month raises both.

# %%
costs = trials.pivot(index="trial", columns="strategy", values="cost_usd") / months
other = [name for name in order if abs(systems.cost_usd_month[name] - systems.cost_usd_month[baseline]) > 0.01][0]
unpaired = costs[other].var() + costs[baseline].var()
paired = (costs[other] - costs[baseline]).var()
print(f"Pairing {other} with {baseline} takes {1 - paired / unpaired:.0%} of the variance away.")
assert paired < unpaired
