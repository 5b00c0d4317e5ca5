"""Tables of spells for the tests of survival, and what is counted from them by hand."""

import numpy as np
import pandas as pd

from negotiation_abm.survival import count_spells

CAUSES = np.array(["breach", "collapse", "lapse"])


def spells(replicate, entry, duration, observed, cause=None, weight=None):
    """A table of spells as `count_spells` takes it."""
    size = len(duration)
    table = pd.DataFrame(
        {
            "replicate": np.asarray(replicate, dtype=np.int64),
            "entry_weeks": np.asarray(entry, dtype=np.int64),
            "duration_weeks": np.asarray(duration, dtype=np.int64),
            "event_observed": np.asarray(observed, dtype=bool),
            "cause": ["breach"] * size if cause is None else cause,
        }
    )
    return table if weight is None else table.assign(weight=weight)


def random_spells(seed, late_entry=False, one_a_run=True, weights=False):
    """Weekly durations with many ties, censoring, and on request late entry and weights."""
    rng = np.random.default_rng(seed)
    size = int(rng.integers(30, 400))
    entry = np.zeros(size, dtype=np.int64)
    if late_entry:
        entry = np.where(rng.random(size) < 0.5, 0, rng.integers(0, 15, size))
    life = entry + rng.geometric(rng.uniform(0.03, 0.3), size) - 1
    window = entry + rng.integers(0, 60, size)
    observed = life <= window
    duration = np.minimum(life, window)
    cause = np.where(observed, rng.choice(CAUSES, size, p=[0.5, 0.2, 0.3]), "censored")
    replicate = np.arange(size) if one_a_run else np.sort(rng.integers(0, size // 3, size))
    weight = rng.integers(1, 5, size) / rng.choice([1, 2]) if weights else None
    return spells(replicate, entry, duration, observed, cause, weight)


def geometric(rng, runs, hazard, censor_after=None, spells_a_run=1):
    """Spells with a constant weekly hazard; independent unless `hazard` varies by run."""
    size = runs * spells_a_run
    life = rng.geometric(np.repeat(np.broadcast_to(hazard, runs), spells_a_run), size) - 1
    window = np.full(size, 10**6) if censor_after is None else rng.integers(0, censor_after, size)
    replicate = np.repeat(np.arange(runs), spells_a_run)
    return spells(replicate, 0 * life, np.minimum(life, window), life <= window)


def counted(table):
    """Counts of one table."""
    return count_spells([table])


def by_hand(table):
    """At risk, ended, survival and incidences, counted spell by spell."""
    weight = table["weight"] if "weight" in table else pd.Series(1, table.index)
    rows = list(
        zip(
            table["entry_weeks"],
            table["duration_weeks"],
            table["event_observed"],
            table["cause"],
            weight,
            strict=True,
        )
    )
    weeks = range(int(table["duration_weeks"].max()) + 1)
    at_risk = [sum(row[4] for row in rows if row[0] <= t <= row[1]) for t in weeks]
    ended = [sum(row[4] for row in rows if row[1] == t and row[2]) for t in weeks]
    curve, alive = [], 1.0
    incidence = {name: [] for name in sorted({row[3] for row in rows if row[2]})}
    total = dict.fromkeys(incidence, 0.0)
    for t in weeks:
        for name in incidence:
            count = sum(row[4] for row in rows if row[1] == t and row[2] and row[3] == name)
            total[name] += alive * count / at_risk[t] if at_risk[t] else 0.0
            incidence[name].append(total[name])
        alive *= 1.0 - ended[t] / at_risk[t] if at_risk[t] else 1.0
        curve.append(alive)
    return at_risk, ended, curve, incidence
