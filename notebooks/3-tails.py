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
# # The tails: pull time and lag
#
# A mean hides what hurts. `latency.csv` has the quantiles of pulls, of their parts and of copies, over all trials together;
# `quantiles.csv` has how a trial's own 95th percentile is spread over trials.

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

RUN = Path("../outputs/quickstart")
latency = pd.read_csv(RUN / "latency.csv")
summary = pd.read_csv(RUN / "summary.csv").set_index("strategy")
everywhere = latency[latency.region == "all"]


def curve(strategy, event):
    """Quantiles of an event as a series: seconds by share."""
    rows = everywhere[(everywhere.strategy == strategy) & (everywhere.event == event)]
    shares = rows.set_index(rows["quantile"].replace({"min": "p0", "max": "p100"})).seconds
    shares = shares[shares.index.str.startswith("p")]
    shares.index = shares.index.str[1:].astype(float) / 100
    return shares.sort_index()


# %% [markdown]
# ## Pulls
#
# The lower edge of a curve are pulls of which the node had every layer; its upper end are cold pulls across regions.

# %%
figure, axis = plt.subplots(figsize=(9, 4.5))
pulling = [name for name in summary.index if len(curve(name, "pull"))]
for name in pulling:
    series = curve(name, "pull")
    axis.plot(series.values, series.index, marker=".", label=name)
axis.set(xscale="log", xlabel="seconds from the first request to unpacked", ylabel="share of pulls", title="Pull times")
axis.legend(frameon=False)
axis.spines[["top", "right"]].set_visible(False)

fastest = summary.pull_p95_s[pulling].idxmin()
slowest = summary.pull_p95_s[pulling].idxmax()
print(
    f"95 of 100 pulls take at most {summary.pull_p95_s[fastest]:.1f} s under {fastest}, "
    f"{summary.pull_p95_s[slowest]:.1f} s under {slowest}."
)
for name in pulling:
    assert abs(curve(name, "pull")[0.95] - summary.pull_p95_s[name]) < 1e-9, "the two files agree"

# %% [markdown]
# ## Where the time goes
#
# Means of the parts add up to the mean of the whole; their quantiles do not.

# %%
means = everywhere[everywhere["quantile"] == "mean"].pivot(index="strategy", columns="event", values="seconds")
parts = means.loc[pulling, ["waiting", "queueing", "transfer", "unpack"]]
assert ((parts.sum(axis=1) - means.pull[pulling]).abs() < 1e-6).all()
axis = parts.plot.barh(stacked=True, figsize=(9, 4), width=0.7)
axis.set(xlabel="seconds, mean of a pull", ylabel="", title="Parts of a pull")
axis.legend(frameon=False)
axis.spines[["top", "right"]].set_visible(False)
plt.tight_layout()

# %% [markdown]
# ## Copies
#
# Lag: from the end of the push to the arrival at the destination.

# %%
copying = [name for name in summary.index if summary.copies[name] > 0 and len(curve(name, "copy"))]
figure, axis = plt.subplots(figsize=(9, 4))
for name in copying:
    series = curve(name, "copy")
    axis.plot(series.values, series.index, marker=".", label=name)
axis.set(xscale="log", xlabel="seconds from push to arrival", ylabel="share of copies", title="Lag")
axis.legend(frameon=False)
axis.spines[["top", "right"]].set_visible(False)
lag = summary.lag_p95_s[copying]
print(f"The quickest to arrive is {lag.idxmin()}: 95 of 100 copies within {lag.min():.0f} s.")
assert abs(curve(lag.idxmin(), "copy")[0.95] - lag.min()) < 1e-9
