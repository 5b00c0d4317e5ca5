"""How long recorded truces were expected to last: simulated from their starts, and by statistics.

Every recorded truce of a left-out episode is played on from the week after its start, with
coefficients that the other episodes predict. A constant hazard and a Weibull law learn from the
truces of the same other episodes. All three are scored by the log probability of the week in which
the truce ended, or of its standing at last sight.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import minimize

from negotiation_abm.calibration.left_out import LeftOut
from negotiation_abm.calibration.scores import MODEL
from negotiation_abm.core.terms import Move, TruceEnd
from negotiation_abm.core.tracker import COVERED
from negotiation_abm.replay.branch import branch_off
from negotiation_abm.replay.replay import replay_record
from negotiation_abm.replay.result import RecordedSpell
from negotiation_abm.run.play import Case, play
from negotiation_abm.run.posterior import games_of, thinned
from negotiation_abm.run.running import first_of_running
from negotiation_abm.survival import z_of
from negotiation_abm.survival.fits import FAMILIES

FIRST = 1  # age in weeks from which a truce is scored: simulations begin with the week after
WINDOW = 2  # weeks to each side over which a simulated hazard is averaged
HALF = 0.5
REPLICATES = 20
DRAWS = 60
WEIBULL = FAMILIES["weibull"]
BOUNDS = ((-1.0, 12.0), (-2.0, 2.0))  # logarithms of scale in weeks and of shape
STEP = 1e-3
MODELS = ("game", "constant hazard", "Weibull")


@dataclass(frozen=True)
class Spells:
    """Truces by length in weeks, and whether their end was seen.

    Attributes
    ----------
    weeks : ndarray of int
    ended : ndarray of bool
    """

    weeks: np.ndarray
    ended: np.ndarray

    def counts(self) -> tuple[np.ndarray, np.ndarray]:
        """Ends at each age, and truces at risk, those of unknown end in their last week too."""
        size = int(self.weeks.max(initial=0)) + 1
        ends = np.bincount(self.weeks[self.ended], minlength=size)
        at_risk = np.cumsum(np.bincount(self.weeks, minlength=size)[::-1])[::-1]
        return ends.astype(float), at_risk.astype(float)


def spell_tables(
    found: Sequence[LeftOut], seed: int, replicates: int = REPLICATES
) -> dict[str, pd.DataFrame]:
    """Recorded truces of left-out episodes against what was predicted of their length.

    Parameters
    ----------
    replicates : int
        Runs a posterior draw.

    Returns
    -------
    dict of DataFrame
        ``spells``: episode, start, weeks, ended, and the log probability under each of `MODELS`;
        ``shapes``: Weibull shapes of recorded and simulated truces with 90 % intervals (`_shapes`).
    """
    recorded = {one.member.name: _recorded(one) for one in found}
    rows: list[dict[str, Any]] = []
    simulated: list[list[Spells]] = []
    for one in found:
        name = one.member.name
        others = [s for other, spells in recorded.items() if other != name for s in spells]
        known = Spells(
            np.array([s.duration_weeks for s in others], dtype=int),
            np.array([s.cause != TruceEnd.CENSORED for s in others], dtype=bool),
        )
        for spell in recorded[name]:
            by_draw = _simulated(one, spell, seed, replicates)
            simulated.append(by_draw)
            pooled = _pooled(by_draw)
            weeks, ended = spell.duration_weeks, spell.cause != TruceEnd.CENSORED
            hazards = (_smooth(pooled, weeks), _constant(known, weeks), _weibull(known, weeks))
            logs = [_log_probability(hazard, weeks, ended) for hazard in hazards]
            rows.append(
                {"episode": name, "start": spell.start.isoformat(), "weeks": weeks, "ended": ended}
                | dict(zip(MODELS, logs, strict=True))
            )
    table = pd.DataFrame(rows)
    return {"spells": table, "shapes": _shapes(table, simulated)}


def _recorded(one: LeftOut) -> list[RecordedSpell]:
    """Covered truces of an episode that stood for a week at least."""
    spells = replay_record(one.member.game, one.member.record, skip_illegal=True).spells
    kept = [s for s in spells if s.measure == COVERED and s.duration_weeks >= FIRST]
    return sorted(kept, key=lambda spell: spell.start)


def _simulated(one: LeftOut, spell: RecordedSpell, seed: int, replicates: int) -> list[Spells]:
    """Lengths of one recorded truce, played on from the week after its start, by draw."""
    member = one.member
    turn = member.game.scenario.turn_of(spell.start) + FIRST
    start = branch_off(member.game, member.record, turn).game
    labels = [member.data.coefficients[k].label for k in member.lasting]
    some = thinned(pd.DataFrame(one.draws[:, member.lasting], columns=labels), DRAWS)
    games = enumerate(games_of(start, some))
    cases = (Case("", game, number * replicates) for number, game in games)
    lengths = []
    for played in play(cases, (), replicates, seed):
        own = first_of_running(played.case.game, played.block.spells, COVERED)
        lengths.append(Spells(own["duration_weeks"], own["cause"] != TruceEnd.CENSORED))
    return lengths


def _pooled(parts: Sequence[Spells]) -> Spells:
    weeks = np.concatenate([part.weeks for part in parts]).astype(int)
    return Spells(weeks, np.concatenate([part.ended for part in parts]))


def _smooth(spells: Spells, weeks: int) -> np.ndarray:
    """Hazard by week of age up to `weeks`, averaged over neighbouring weeks, never 0 or 1."""
    ends, at_risk = spells.counts()
    ends[:FIRST] = at_risk[:FIRST] = 0.0  # played from there on
    width = np.ones(2 * WINDOW + 1)
    size = max(len(ends), weeks + 1)
    ends, at_risk = (np.pad(c, (0, size - len(c))) for c in (ends, at_risk))
    found = (np.convolve(ends, width, "same") + HALF) / (
        np.convolve(at_risk, width, "same") + 2.0 * HALF
    )
    return np.asarray(found[: weeks + 1])


def _constant(spells: Spells, weeks: int) -> np.ndarray:
    ends, at_risk = spells.counts()
    hazard = (ends[FIRST:].sum() + HALF) / (at_risk[FIRST:].sum() + 2.0 * HALF)
    return np.full(weeks + 1, hazard)


def _weibull(spells: Spells, weeks: int) -> np.ndarray:
    logs = WEIBULL.log_survival(fit_weibull(spells)[0], np.arange(weeks + 2, dtype=float))
    return np.asarray(-np.expm1(np.clip(np.diff(logs), -50.0, -1e-9)))


def fit_weibull(spells: Spells) -> tuple[np.ndarray, float]:
    """Logarithms of scale and shape by maximum likelihood from age `FIRST`; error of the latter."""
    ends, at_risk = spells.counts()
    ends, stay = ends[FIRST:], (at_risk - ends)[FIRST:]
    ages = np.arange(FIRST, FIRST + len(ends) + 1, dtype=float)

    def loss(free: np.ndarray) -> float:
        step = np.clip(np.diff(WEIBULL.log_survival(free, ages)), -50.0, -1e-9)
        return float(-(ends @ np.log(-np.expm1(step)) + stay @ step))

    mean = max(1.0, at_risk.sum() / max(1.0, ends.sum()))
    best = minimize(loss, [np.log(mean), 0.0], method="L-BFGS-B", bounds=BOUNDS)
    steps = STEP * np.eye(2)
    bend = np.array(
        [[loss(best.x + a + b) - loss(best.x + a - b) for b in steps] for a in steps]
    ) - np.array([[loss(best.x - a + b) - loss(best.x - a - b) for b in steps] for a in steps])
    error = np.sqrt(abs(np.linalg.pinv(bend / (4.0 * STEP**2))[1, 1]))
    return best.x, float(error)


def _log_probability(hazard: np.ndarray, weeks: int, ended: bool) -> float:
    stood = np.log1p(-hazard[FIRST:weeks]).sum()
    return float(stood + (np.log(hazard[weeks]) if ended else np.log1p(-hazard[weeks])))


def _shapes(table: pd.DataFrame, simulated: list[list[Spells]]) -> pd.DataFrame:
    """Weibull shapes: of recorded truces with a normal interval, of simulated ones over draws.

    ``simulated`` has many runs of each truce, so its interval is of the parameters;
    ``simulated once`` has one, as the record has, so that the recorded shape can be held to it.
    """
    recorded = Spells(table["weeks"].to_numpy(), table["ended"].to_numpy(dtype=bool))
    (_, log), error = fit_weibull(recorded)
    draws = min(map(len, simulated))
    own = np.exp(log + z_of(0.9) * error * np.array([0.0, -1.0, 1.0]))
    rows = [("recorded", len(table), *own)]
    for name, runs in (("simulated", None), ("simulated once", 1)):
        logs = [
            fit_weibull(_pooled([_first(spell[d], runs) for spell in simulated]))[0][1]
            for d in range(draws)
        ]
        low, mid, high = np.quantile(np.exp(logs), (0.05, 0.5, 0.95))
        rows.append((name, draws, mid, low, high))
    return pd.DataFrame(rows, columns=["spells", "number", "shape", "low", "high"])


def _first(spells: Spells, count: int | None) -> Spells:
    """The first `count` of some truces; all if it is None."""
    return Spells(spells.weeks[:count], spells.ended[:count])


def endings(found: Sequence[LeftOut]) -> pd.DataFrame:
    """Moves that ended recorded truces, and the probability that each had, its episode left out.

    Returns
    -------
    DataFrame
        episode, date, side, type, type_and_lever (probabilities).
    """
    rows: list[dict[str, Any]] = []
    for one in found:
        data, game = one.member.data, one.member.game
        use = np.flatnonzero(~data.agency)
        for spell in _recorded(one):
            if spell.cause == TruceEnd.CENSORED or spell.player < 0:
                continue
            here = [
                place
                for place, d in enumerate(use)
                if data.dates[d] == spell.end
                and data.player[d] == spell.player
                and data.chosen[d] >= Move.ESCALATE
            ]
            if here:
                logs = one.scores[MODEL][here[-1]]
                rows.append(
                    {"episode": one.member.name, "date": spell.end.isoformat()}
                    | {"side": game.players[spell.player], "type": float(np.exp(logs[0]))}
                    | {"type_and_lever": float(np.exp(logs[1]))}
                )
    return pd.DataFrame(rows, columns=["episode", "date", "side", "type", "type_and_lever"])
