# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#   kernelspec:
#     display_name: Python 3
#     name: python3
# ---

# %% [markdown]
# # The loop after a warning
#
# A warning that nobody answers is paper. Everything after it (who was told, who came, what was found, what was done) is a row of one
# ledger that only grows, each row linked to the one before by its hash. This notebook fills one with the synthetic year of the demo,
# whose truth is known, and asks it what an office asks.

# %%
import tempfile

import matplotlib.pyplot as plt
import pandas as pd

import hotspot as hs
from hotspot.ledger.answers.issues import issue_table
from hotspot.ledger.answers.outcome import outcome, visits
from hotspot.ledger.answers.past import past_of, past_words
from hotspot.ledger.answers.watch import alarm_table, desk_figures
from hotspot.workflows.closing.loop import published_ledger
from hotspot.workflows.loop_demo import fill_loop

hs.chinese_plots()
study, out = hs.synthetic_month(size="small").study, tempfile.mkdtemp()
made = fill_loop(study, out=out)
clocks = study.criteria.clocks

# %% [markdown]
# ## Who answered, and when
#
# The clock runs from the receipt, or from the push where nobody signed for it. What is answered is never also overdue.

# %%
with published_ledger(study, out) as ledger:
    alarms = alarm_table(ledger, "2025-12-31T00:00", clocks)
    figures = desk_figures(ledger, "2025-12-31T00:00", clocks)
    problems = issue_table(ledger, "2025-12-31T00:00")
    past = past_of(ledger, alarms["cell"].iloc[0], "2025-12-31T00:00", clocks)
    told = outcome(visits(ledger))
pd.Series(figures)

# %%
said = {"in time": "按时 in time", "late": "逾期反馈 late", "overdue": "未反馈 overdue"}
states = alarms.groupby([alarms["pushed"].str[:7], "state"]).size().unstack(fill_value=0).rename(columns=said)
axes = states.plot.bar(stacked=True, figsize=(8, 3), color=["#2e7d32", "#e08214", "#b3261e"][: states.shape[1]], rot=0)
axes.set(xlabel="月 month", ylabel="报警数 alarms", title="每月报警的反馈 answers to each month's alarms")
axes.legend(frameon=False, bbox_to_anchor=(1, 1), loc="upper left")
axes.figure.tight_layout()
plt.show()

# %% [markdown]
# ## What became of the problems

# %%
problems.groupby(["problem", "state"]).size().unstack(fill_value=0)

# %%
problems.loc[problems["overdue"], ["issue", "cell", "problem", "unit", "due", "state"]].head(6)

# %% [markdown]
# ## What one cell has behind it
#
# The lines that stand on its sheet, its card and the map.

# %%
pd.DataFrame(past_words(past), columns=["zh", "en"])

# %% [markdown]
# ## Did the visits find anything?
#
# Shares with Wilson intervals; a row that does not say what a visit came to is counted as unclear, not as nothing.

# %%
told.query("visited > 0").round(2)

# %% [markdown]
# ## Does the ledger say what happened?
#
# The synthetic year counted its own truth while its rows were made.

# %%
names = ("pushed", "answered", "overdue", "problems")
pd.DataFrame({"ledger": {name: figures[name] for name in names}, "truth": {name: made.truth[name] for name in names}})
