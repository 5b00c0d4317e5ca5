"""How forecasts that were kept came out: resolved from records, scored, compared.

A question is resolved from the record of its own dispute and, from the day on which that ends, from
one that goes on (`readings_of`). What no record reaches stays open. Of every question the Brier
score is half the sum over its answers of the squared difference between probability and outcome,
which is the squared error of a yes-or-no question, and the log score the logarithm of the
probability of what happened, probabilities held between .01 and .99.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import beta

from negotiation_abm.calibration.benchmarks import LASTING
from negotiation_abm.calibration.dispute import decided_escalations
from negotiation_abm.core.tracker import ANY_DOMAIN, COVERED
from negotiation_abm.files.resources import shipped_episodes
from negotiation_abm.replay.result import RecordedSpell
from negotiation_abm.studies.episodes import Episode, replay_episode

MODELS = ("model", "status_quo", "constant_hazard")
LOG_BOUNDS = (0.01, 0.99)
BINS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
# Levers that the record of 2026 tells apart and that of 2025 does not.
ALIASES = {"US other_listings": "US entity_lists", "CHINA other_lists": "CHINA entity_lists"}


@dataclass(frozen=True)
class Outcome:
    """What came out.

    Attributes
    ----------
    answer : str
        Empty while it is open.
    day : date or None
        On which it was settled.
    source : str
        Record and row, or why it is open.
    """

    answer: str
    day: dt.date | None
    source: str


def readings_of(name: str) -> list[Episode]:
    """An episode and those main readings that tell on of the same sides, in order of their ends."""
    own = replay_episode(name, {})
    further = []
    for other in shipped_episodes():
        if other != name and "/" not in other:
            one = replay_episode(other, {})
            same = sorted(one.game.players) == sorted(own.game.players)
            if same and one.window[0] <= own.window[1] < one.window[1]:
                further.append(one)
    return [own, *sorted(further, key=lambda one: one.window[1])]


def resolve(
    kind: str, known: dt.date, day: dt.date, answers: Sequence[str], readings: Iterable[Episode]
) -> Outcome:
    """The answer to a question from the records.

    Parameters
    ----------
    kind : str
        As of `Question`; ``stands_any`` is ``stands`` by any measure.
    known, day : date
        Cut-off, and the day by which it is settled.
    readings : iterable of Episode
        A later one is asked where an earlier one has ended.
    """
    since, name, last = known, "", known
    for one in readings:
        name, last = one.name, one.window[1]
        if kind.startswith("next"):
            found = _next(kind, since, day, answers, one)
        elif kind == "in_force":
            found = _in_force(day, one)
        elif kind == "prolonged":
            found = _prolonged(known, day, one)
        else:
            found = _stands(known, day, one, ANY_DOMAIN if kind == "stands_any" else COVERED)
        if found is not None:
            return found
        since = last
    return Outcome("", None, f"open: the record {name} ends on {last}")


def _spell_on(one: Episode, day: dt.date, measure: int = COVERED) -> RecordedSpell | None:
    """The truce that is in force at the end of a day."""
    for spell in one.replay.spells:
        open_end = spell.cause in LASTING and spell.end >= day
        if spell.measure == measure and spell.start <= day and (spell.end > day or open_end):
            return spell
    return None


def _unchanged(one: Episode, day: dt.date, answer: str) -> Outcome | None:
    if one.window[1] < day:
        return None
    return Outcome(answer, day, f"{one.name}: no row says otherwise by then")


def _stands(known: dt.date, day: dt.date, one: Episode, measure: int) -> Outcome | None:
    spell = _spell_on(one, known, measure)
    if spell is None:
        return None
    if spell.cause not in LASTING and spell.end <= day:
        return Outcome("no", spell.end, _row(one, spell.row_id))
    return _unchanged(one, day, "yes")


def _in_force(day: dt.date, one: Episode) -> Outcome | None:
    if one.window[1] < day:
        return None
    spell = _spell_on(one, day)
    if spell is None:
        return _unchanged(one, day, "no")
    signed = [r.id for r in one.record.rows if r.date == spell.start and r.move == "SUSPEND"]
    return Outcome("yes", day, _row(one, signed[0] if signed else ""))


def _prolonged(known: dt.date, day: dt.date, one: Episode) -> Outcome | None:
    renewed = [d for d, kind, _ in one.replay.agreements if kind == "RENEWED" and known < d <= day]
    spell = _spell_on(one, known)
    if spell is None:
        return None
    ended = spell.cause not in LASTING and spell.end <= (renewed[0] if renewed else day)
    if ended:
        return Outcome("no", spell.end, _row(one, spell.row_id))
    if renewed:
        signs = ("SUSPEND", "PROLONG")
        rows = [r.id for r in one.record.rows if r.date == renewed[0] and r.move in signs]
        return Outcome("yes", renewed[0], _row(one, rows[0] if rows else ""))
    return _unchanged(one, day, "no")


def _next(
    kind: str, since: dt.date, day: dt.date, answers: Sequence[str], one: Episode
) -> Outcome | None:
    rows = decided_escalations(one.record.rows, since, min(day, one.window[1]))
    if not rows:
        return _unchanged(one, day, answers[-1])
    first = rows[0]
    lever = f"{first.player} {first.lever}"
    lever = lever if lever in answers else ALIASES.get(lever, lever)
    answer = first.player if kind == "next_side" else lever
    return Outcome(answer, first.date, _row(one, first.id))


def _row(one: Episode, row_id: str) -> str:
    """Name of the record, row and what it says."""
    said = next((row.statement for row in one.record.rows if row.id == row_id), "")
    return f"{one.name} {row_id}: {said}" if row_id else f"{one.name}: by the rules of a truce"


def brier(probability: Sequence[float], answers: Sequence[str], outcome: str) -> float:
    """Half the summed squared differences between probabilities and what happened.

    >>> brier([0.75, 0.25], ["yes", "no"], "yes")
    0.0625
    """
    happened = np.array([answer == outcome for answer in answers], float)
    return float(0.5 * np.sum((np.asarray(probability) - happened) ** 2))


def log_score(probability: Sequence[float], answers: Sequence[str], outcome: str) -> float:
    """Logarithm of the probability of what happened, held between .01 and .99."""
    chance = sum(p for p, answer in zip(probability, answers, strict=True) if answer == outcome)
    return float(np.log(np.clip(chance, *LOG_BOUNDS)))


def block_error(values: np.ndarray, blocks: np.ndarray) -> float:
    """Standard error of a mean whose values are dependent within blocks (NaN for one block).

    >>> round(block_error(np.array([1.0, 1.0, 0.0, 0.0]), np.array([1, 1, 2, 2])), 4)
    0.5
    """
    names = np.unique(blocks)
    if len(names) < 2:
        return float("nan")
    sums = np.array([(values[blocks == name] - values.mean()).sum() for name in names])
    return float(np.sqrt(len(names) / (len(names) - 1.0) * np.sum(sums**2)) / len(values))


def score_table(ledger: pd.DataFrame) -> pd.DataFrame:
    """Mean scores of resolved questions, over all and by kind, with paired differences.

    Parameters
    ----------
    ledger : DataFrame
        kind_of_question, known_until, and brier_ and log_ columns of `MODELS`, NaN where open.

    Returns
    -------
    DataFrame
        questions (``all`` first), number, cut_offs, brier_ and log_ means of `MODELS`, and for both
        benchmarks brier_gain_ and log_gain_: how much better the model is (positive is better),
        with _error by cut-off.
    """
    known = ledger[ledger["brier_model"].notna()]
    parts = {"all": known} | dict(list(known.groupby("kind_of_question", sort=False)))
    rows = []
    for name, part in parts.items():
        blocks = part["known_until"].to_numpy()
        row = {"questions": name, "number": len(part), "cut_offs": len(np.unique(blocks))}
        for score, sign in (("brier", -1.0), ("log", 1.0)):
            row |= {f"{score}_{m}": part[f"{score}_{m}"].mean() for m in MODELS}
            for other in MODELS[1:]:
                gain = sign * (part[f"{score}_model"] - part[f"{score}_{other}"]).to_numpy()
                row[f"{score}_gain_{other}"] = gain.mean()
                row[f"{score}_gain_{other}_error"] = block_error(gain, blocks)
        rows.append(row)
    return pd.DataFrame(rows)


def reliability(probability: np.ndarray, happened: np.ndarray) -> pd.DataFrame:
    """How often things happened that had a probability within a bin.

    Returns
    -------
    DataFrame
        from, to, number, probability (mean), share, low, high (90 % of Jeffreys' interval, which
        takes questions as independent); empty bins are left out.
    """
    place = np.clip(np.digitize(probability, BINS) - 1, 0, len(BINS) - 2)
    rows = []
    for number in np.unique(place):
        here = place == number
        yes, count = float(happened[here].sum()), int(here.sum())
        low, high = beta.ppf((0.05, 0.95), yes + 0.5, count - yes + 0.5)
        rows.append(
            {"from": BINS[number], "to": BINS[number + 1], "number": count}
            | {"probability": probability[here].mean(), "share": yes / count}
            | {"low": low, "high": high}
        )
    return pd.DataFrame(rows)
