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
# # Capacity over a year
#
# Storage grows until lifecycle rules hold it; egress follows deploys. The run read here is a year of the quickstart:
#
# ```
# replisim run scenarios/quickstart.toml --set run.duration=365d --trials 5 --out outputs/quickstart-year
# ```

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

RUN = Path("../outputs/quickstart-year")
timeline = pd.read_csv(RUN / "timeline.csv", parse_dates=["day"])
summary = pd.read_csv(RUN / "summary.csv").set_index("strategy")
assert timeline.day.nunique() == 365

# %% [markdown]
# ## Storage
#
# The sum over registries, at the end of each day.

# %%
stored = timeline[timeline.metric == "stored"].groupby(["day", "strategy"]).value.sum().unstack() / 1e9
axis = stored.plot(figsize=(9, 4))
axis.set(ylabel="GB stored", xlabel="", title="Storage by strategy")
axis.legend(frameon=False, title="")
axis.spines[["top", "right"]].set_visible(False)
plt.tight_layout()

last = timeline[(timeline.metric == "stored") & (timeline.day == timeline.day.max())]
by_region = last.pivot_table(index="strategy", columns="region", values="value", aggfunc="sum") / 1e9
home, replica = by_region.loc["replication", "us-east-1"], by_region.loc["replication", "eu-west-1"]
print(f"After a year home holds {home:.1f} GB, each replica {replica:.1f} GB: home keeps 30 images, and nothing tells a replica to.")
assert replica > 10 * home
total = by_region.sum(axis=1) * 1e9
assert ((total - summary.stored_bytes_end[total.index]).abs() <= 0.02 * total).all(), "the last day ends where the run does"

# %% [markdown]
# A lifecycle policy belongs to one registry. The rule at home does not travel with the images; a repository creation
# template at the destination would bring one of its own (`registries = [{ registry = "eu-west-1", templates = [..] }]`).

# %% [markdown]
# ## Egress
#
# What leaves the home registry on the busiest day of each month: what its link has to carry, and what copies take off it.

# %%
at_home = timeline[(timeline.metric == "egress") & (timeline.region == "us-east-1")]
egress = at_home.groupby(["day", "strategy"]).value.sum().unstack() / 1e9
peak = egress.resample("MS").max()
axis = peak.plot(figsize=(9, 4), marker="o")
axis.set(ylabel="GB on the busiest day", xlabel="", title="Egress of the home registry", ylim=0)
axis.legend(frameon=False, title="")
axis.spines[["top", "right"]].set_visible(False)
plt.tight_layout()
ratio = peak["cross-region-pull"].max() / peak["replication"].max()
print(f"Replication takes the busiest day of the year from {peak['cross-region-pull'].max():.1f} to {peak['replication'].max():.1f} GB.")
assert ratio > 2

# %% [markdown]
# ## What a month costs, first and last

# %%
cost = timeline[timeline.metric == "cost"].groupby(["day", "strategy"]).value.sum().unstack()
monthly = cost.resample("MS").sum()
change = pd.DataFrame({"January": monthly.iloc[0], "December": monthly.iloc[-1]})
assert (change.December["replication"] > change.January["replication"]) and monthly.sum().sum() > 0
change.round(2)
