"""Truce survival on whole-week durations, with intervals that respect runs as clusters.

Exact discrete-time estimators: Kaplan-Meier for survival, Aalen-Johansen for the cumulative
incidence of each way to end, hazards by age, restricted means, log-rank, parametric fits,
proportional hazards. Ties are the rule in weekly data and are counted, not broken. A spell already
running when observation began enters the risk set at its age then (left truncation).

Several truces of one run are not independent, so variances are sums over runs of squared influence
(Williams 1995); with one spell a run and no late entry they reduce to Greenwood's formula.

`Curves` is the estimator, of many points at once; everything that speaks of durations calls it.
`Survival` is one point in plain numbers. It is computed from `SpellCounts`, in one pass over blocks
of whole runs: neither memory nor the time of an estimate grows with their number. `intervals` has
the one rule for every interval, `words` what is said where there is none.
"""

from negotiation_abm.survival.comparison import WARNING, LogRank, log_rank
from negotiation_abm.survival.counts import SpellCounts, count_spells
from negotiation_abm.survival.curves import Counts, Curves, Estimate, Spells
from negotiation_abm.survival.estimators import (
    DAYS,
    Blocks,
    Survival,
    estimate,
    hazard_table,
    incidence_table,
    survival,
)
from negotiation_abm.survival.fits import FAMILIES, Fit, fit_all, fit_family
from negotiation_abm.survival.intervals import LEVEL, z_of
from negotiation_abm.survival.regression import proportional_hazards
from negotiation_abm.survival.rmst import (
    Mean,
    paired_rmst_difference,
    rmst,
    rmst_difference,
    run_influence,
)

__all__ = [
    "DAYS",
    "FAMILIES",
    "LEVEL",
    "WARNING",
    "Blocks",
    "Counts",
    "Curves",
    "Estimate",
    "Fit",
    "LogRank",
    "Mean",
    "SpellCounts",
    "Spells",
    "Survival",
    "count_spells",
    "estimate",
    "fit_all",
    "fit_family",
    "hazard_table",
    "incidence_table",
    "log_rank",
    "paired_rmst_difference",
    "proportional_hazards",
    "rmst",
    "rmst_difference",
    "run_influence",
    "survival",
    "z_of",
]
