# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#   kernelspec:
#     display_name: Python 3
#     name: python3
# ---

# %% [markdown]
# # Why this cell?
#
# A county asks why its cell is on the list. Everything needed for the answer is in the month itself.

# %%
import tempfile

import hotspot as hs

month = hs.synthetic_month(size="small")
study, out = month.study, tempfile.mkdtemp()
hot = hs.open_hotspots(study, int(month.month[:4]), out=out)
derived = hs.derive(study, month.month, hot=hot)
cell = derived.warned.sort_values(["rank", "cell"])["cell"].iloc[0]
cell

# %% [markdown]
# ## In words

# %%
answer = hs.explain_cell(study, month.month, cell, out=out)
print("\n".join(answer["sentences"]))

# %% [markdown]
# ## In numbers: three months, each with its completeness

# %%
answer["months"]

# %% [markdown]
# ## Against the other hotspot cells of its city
#
# A rank without its confidence is a guess: the bar is the monthly mean with one standard error.

# %%
now = derived.field.isel(time=-1).sel(cell=hot.loc[hot["city"] == answer["place"]["city"], "cell"].to_numpy())
now = now.sortby("pm25", ascending=False)
frame = now[["pm25", "pm25_error"]].to_dataframe()[["pm25", "pm25_error"]]
axes = frame["pm25"].plot.bar(yerr=frame["pm25_error"], figsize=(9, 3), ylabel="PM2.5, ug/m3", xlabel="hotspot cell")

# %% [markdown]
# ## What stands upwind

# %%
traced = derived.traced[derived.traced["cell"] == cell]
traced[["name", "class_", "distance_km", "bearing_deg", "upwind_hours", "lift", "lift_low", "lift_high", "word"]].round(
    2
)

# %% [markdown]
# ## What to inspect

# %%
derived.checklist.loc[derived.checklist["cell"] == cell, ["class_", "name", "item", "grade", "zh", "department"]].head(
    12
)
