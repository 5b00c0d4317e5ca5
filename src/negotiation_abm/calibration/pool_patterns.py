"""Patterns over a pool: does the record lie inside single free runs, and could it have failed to?

For every posterior draw each episode is played once, from its start and as long as its record. A
statistic passes where its value over the records, pooled, lies in the central 90 % of these runs.
Its power is judged by two models that are wrong on purpose: one without the mechanism that is to
make the pattern, one without memory, in which each side makes each kind of move as often as in the
record, whatever happened. Where both pass nearly always, that the right one passes says nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from negotiation_abm.calibration.choices import types_of
from negotiation_abm.calibration.features import FITTED
from negotiation_abm.calibration.free_runs import CANNOT_FAIL, pattern_table
from negotiation_abm.calibration.patterns import STATISTICS
from negotiation_abm.calibration.pool import BETWEEN, Member
from negotiation_abm.calibration.pool_fit import PooledFit
from negotiation_abm.core.params import derive
from negotiation_abm.core.terms import NUM_PLAYERS, Move, move_of
from negotiation_abm.replay.events import History, recorded_history
from negotiation_abm.replay.watched import simulated_history
from negotiation_abm.run.posterior import games_of
from negotiation_abm.scenario.game import Game

NEARLY_ALWAYS = 0.8  # a wrong model that passes as often is not told from the right one
HALF = 0.5  # of a move, as a prior of how often it is made
BASE_VALUES = (
    ("initiative", Move.ESCALATE, 1.0),
    ("threat_initiative", Move.THREATEN, 1.0),
    ("audience_cost", Move.CONCEDE, -1.0),
    ("offer_cost", Move.SUSPEND, -1.0),
)

Courses = list[list[History]]  # by draw and episode


def _nought(*names: str) -> Callable[[np.ndarray], None]:
    """Sets these parameters to 0."""

    def set_to_nought(params: np.ndarray) -> None:
        for name in names:
            params[name] = 0

    return set_to_nought


def _one_sided(params: np.ndarray) -> None:
    params["coverage"][:, :, 1] = 0


def _every_lead(params: np.ndarray) -> None:
    params["follow_decay_weeks"] = 520.0


def _as_ready_to_concede(params: np.ndarray) -> None:
    params["audience_cost"] = -params["initiative"]


def _alike(params: np.ndarray) -> None:
    params["audience_cost"] = params["audience_cost"].mean(axis=1, keepdims=True)


MECHANISMS: dict[str, Callable[[np.ndarray], None]] = {
    "answers": _nought("reciprocity", "mirror"),
    "effects of levers": _nought("relative_gains", "blowback", "market"),
    "packages of both sides": _one_sided,
    "dates that pull": _nought("deadline", "round_date"),
    "a price of breach": _nought("breach_cost"),
    "an edge before dates": _nought("brinkmanship", "hold_fire", "shadow"),
    "meetings that pull": _nought("forum"),
    "threats that bind": _nought("follow"),
    "leads that matter": _every_lead,
    "a price at home": _as_ready_to_concede,
    "sides that differ": _alike,
    "pain that tires": _nought("fatigue"),
    "truces that differ": _nought("truce_frailty", "depth", "shadow"),
}
"""What to take out of the parameters of a game, by the mechanism that is then missing."""


def pool_patterns(
    members: Sequence[Member],
    fit: PooledFit,
    seed: int,
    progress: Callable[[int], None] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Judge every pattern over all episodes of a pool, and by episode.

    Parameters
    ----------
    fit : PooledFit
        Of these members; each draw plays every episode once.
    progress : callable, optional
        Called with the number of models played: the fitted one and those wrong on purpose.

    Returns
    -------
    DataFrame, DataFrame
        Columns of `pattern_table`; the first also without (the missing mechanism), passes_without,
        passes_memoryless (shares of runs of the wrong models that would pass; a run in which the
        statistic has no value does not), inside, of (episodes in which the record lies inside, and
        in which that can be said); the second an episode in front.
    """
    recorded = [recorded_history(m.game, m.record, skip_illegal=True) for m in members]
    games = games_by_draw(members, fit)
    done = iter(range(1, len(MECHANISMS) + 3))

    def played(altered: list[list[Game]]) -> Courses:
        courses = _courses(altered, recorded, seed)
        if progress:
            progress(next(done))
        return courses

    free = played(games)
    by_episode = pd.concat(
        [
            pattern_table([recorded[m]], [[run[m]] for run in free]).assign(episode=member.name)
            for m, member in enumerate(members)
        ]
    )
    table = pattern_table(recorded, free)
    table["without"] = [statistic.without for statistic in STATISTICS]
    rng = np.random.default_rng(seed)
    blind = played(
        [[memoryless(m, g, rng) for m, g in zip(members, draw, strict=True)] for draw in games]
    )
    table["passes_memoryless"] = _passing(table, blind)
    for name, take_out in MECHANISMS.items():
        wrong = played([[_changed(game, take_out) for game in draw] for draw in games])
        here = table["without"] == name
        table.loc[here, "passes_without"] = _passing(table[here], wrong)
    says_nothing = (table[["passes_without", "passes_memoryless"]] >= NEARLY_ALWAYS).all(axis=1)
    table.loc[says_nothing & (table["verdict"] == "pass"), "verdict"] = CANNOT_FAIL
    table["inside"] = (by_episode["verdict"] == "pass").groupby(level=0).sum()
    table["of"] = (by_episode["verdict"] != "not defined").groupby(level=0).sum()
    table["statistic"] = [
        statistic.text_of(("the first side", "the second side")) for statistic in STATISTICS
    ]
    return table, by_episode[["episode", *by_episode.columns[:-1]]].reset_index(drop=True)


def games_by_draw(members: Sequence[Member], fit: PooledFit) -> list[list[Game]]:
    """The episodes with the coefficients of each posterior draw: by draw and member."""
    columns = []
    for number, member in enumerate(members):
        own = governing(member)
        labels = [member.data.coefficients[k].label.partition(BETWEEN)[0] for k in own]
        draws = fit.draws(number)[..., own].reshape(-1, len(own))
        columns.append(games_of(member.game, pd.DataFrame(draws, columns=labels)))
    return [list(row) for row in zip(*columns, strict=True)]


def governing(member: Member) -> np.ndarray:
    """Coefficients to play an episode with: base values of those who governed in most of it."""
    best: dict[tuple[str, tuple[int, ...]], tuple[int, int]] = {}
    for k, coefficient in enumerate(member.data.coefficients):
        used = int((member.data.features[:, :, k] != 0).any(axis=1).sum())
        key = coefficient.parameter, coefficient.index
        if key not in best or used > best[key][0]:
            best[key] = used, k
    return np.array(sorted(k for _, k in best.values()))


def _courses(games: list[list[Game]], recorded: Sequence[History], seed: int) -> Courses:
    """One free run of each episode and draw, as long as its record, with draws of its own."""
    found: Courses = []
    for draw in games:
        runs: list[History] = []
        for game, history in zip(draw, recorded, strict=True):
            short = replace(game, weeks=game.weeks[: len(history.weeks)])
            runs.append(simulated_history(short, seed, len(found) * len(draw) + len(runs)))
        found.append(runs)
    return found


def _passing(table: pd.DataFrame, courses: Courses) -> list[float]:
    """Share of courses that would pass, for each row."""
    shares = []
    bounds = table[["low", "high"]].to_numpy()
    for number, (low, high) in zip(table.index, bounds, strict=True):
        values = np.array([STATISTICS[number].value(run) for run in courses])
        shares.append(float(np.mean((values >= low) & (values <= high))))
    return shares


def _changed(game: Game, take_out: Callable[[np.ndarray], None]) -> Game:
    """A game whose parameters `take_out` has changed."""
    params = game.params.copy()
    take_out(params)
    derive(params)
    return replace(game, params=params)


def memoryless(member: Member, game: Game, rng: np.random.Generator) -> Game:
    """The game in which sides move as often as in the record, whatever has happened.

    Every fitted parameter is 0 but base values, which are drawn so that the expected numbers of
    moves are those of the record with the error that counts have (a gamma posterior).
    """
    data, params = member.data, game.params.copy()
    for parameter in FITTED:
        params[parameter.name] = 0
    kinds, options = types_of(data), np.array([move_of(o) for o in range(data.legal.shape[1])])
    for player in range(NUM_PLAYERS):
        here = (data.player == player) & ~data.agency
        holds = max(float(np.mean(kinds[here] == Move.HOLD)), HALF)
        for name, move, sign in BASE_VALUES:
            ways = max(int(data.legal[here][:, options == move].sum()), 1)
            made = rng.gamma(float((kinds[here] == move).sum()) + HALF)
            params[name][0, player] = sign * np.log(made / (ways * holds))
    held = rng.beta(data.round_held.sum() + HALF, (1.0 - data.round_held).sum() + HALF)
    params["round_base"] = np.log(held / (1.0 - held))
    derive(params)
    return replace(game, params=params)
