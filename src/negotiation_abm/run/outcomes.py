"""The outcomes of a run: each is one entry here, and every command that reports runs has it.

To add one, write a function of `Runs` and an entry in `OUTCOMES` (docs/howto_outcome.md). Entries
that name few `commands` keep the tables of the others as they have always been; each can be asked
for by its name in a sensitivity study.
"""

from collections.abc import Callable, Sequence

import numpy as np

from negotiation_abm.core.terms import Move, Phase, TruceEnd
from negotiation_abm.core.tracker import COVERED
from negotiation_abm.run.outcome import Outcome, Runs
from negotiation_abm.run.running import NOT_RUNNING, running_since

YEAR_WEEKS = 52  # 365 days are 52 whole weeks
SPIRAL_WEEKS = 3
RISE = 1e-9

BY_NAME: frozenset[str] = frozenset()
RUN = frozenset({"run"})
STORED = RUN | {"sweep"}
PEOPLE = frozenset({"whatif", "play"})


def _count(field: str) -> Callable[[Runs], np.ndarray]:
    return lambda runs: runs.tally[field]


def _of_player(field: str) -> Callable[[Runs, int], np.ndarray]:
    return lambda runs, player: runs.tally[field][:, player]


def _moves(move: Move) -> Callable[[Runs, int], np.ndarray]:
    return lambda runs, player: runs.tally["num_moves"][:, player, move]


def _level(field: str) -> Callable[..., np.ndarray]:
    """A level of a lever from the tally, in percentage points if a scale is given."""
    return lambda runs, player, lever, scale=1.0: runs.tally[field][:, player, lever] * scale


def first_truce_week(runs: Runs) -> np.ndarray:
    """Week of the first new truce; masked where there was none."""
    return np.ma.masked_less(runs.tally["first_truce_week"], 0)


def first_truce_weeks(runs: Runs) -> np.ndarray:
    """Weeks until the first new truce, at most the horizon."""
    first = runs.tally["first_truce_week"]
    return np.where(first < 0, len(runs.game.weeks), first)


def renewal_lead(runs: Runs) -> np.ndarray:
    """Weeks before its date at which a truce was renewed, on average; masked without a renewal."""
    renewals = runs.tally["num_renewals"]
    lead = runs.tally["renewal_lead_weeks"] / np.maximum(renewals, 1)
    return np.ma.masked_where(renewals == 0, lead)


def weeks_held(runs: Runs, measure: int) -> np.ndarray:
    """Weeks from the start to the end of the truce spell that runs then, shape (runs,).

    A spell without an end counts as all weeks. NaN if no truce is in force at the start; 0 if one
    is and its spell of this measure has ended before.
    """
    game = runs.game
    if game.initial["phase"][0] != Phase.TRUCE:
        return np.full(len(runs.tally), np.nan)
    start, turn = running_since(game)[measure], int(game.initial["turn"][0])
    if start == NOT_RUNNING:
        return np.zeros(len(runs.tally))
    lasted = np.full(len(runs.tally), float(runs.num_weeks))
    spells = runs.running[measure]
    ended = spells[spells["cause"] != 0]
    lasted[runs.rows(ended)] = start + ended["duration_weeks"] - turn
    return lasted


def still_holds(runs: Runs, measure: int, ahead: int) -> np.ndarray:
    """Does the truce in force at the start hold for so many weeks more? NaN where there is none."""
    lasted = weeks_held(runs, measure)
    return np.where(np.isnan(lasted), np.nan, lasted >= ahead)


def truce_weeks(runs: Runs) -> np.ndarray:
    """Weeks that the truce in force at the start lasts, from its agreement; NaN without one."""
    out = np.full(len(runs.tally), np.nan)
    spells = runs.running[COVERED]
    out[runs.rows(spells)] = spells["duration_weeks"]
    return out


def outlasts_year(runs: Runs) -> np.ndarray:
    """Does the truce in force at the start last more than 365 days?

    NaN without one, and where it still holds at a horizon, or is fulfilled, before that.
    """
    out = np.full(len(runs.tally), np.nan)
    spells = runs.running[COVERED]
    weeks = spells["duration_weeks"]
    ended = ~np.isin(spells["cause"], (TruceEnd.CENSORED, TruceEnd.FULFILLED))
    lasts = np.where(ended, weeks > YEAR_WEEKS, weeks >= YEAR_WEEKS)
    out[runs.rows(spells)] = np.where(ended | lasts, lasts, np.nan)
    return out


def spirals(initial: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """In which runs do both sides raise a lever in `SPIRAL_WEEKS` weeks running?

    Parameters
    ----------
    initial : ndarray, shape (1, 2, levers)
        Levels before the first week.
    levels : ndarray, shape (runs, weeks, 2, levers)
        Levels at the end of each week.

    Returns
    -------
    ndarray of bool, shape (runs,)
    """
    before = np.concatenate([np.broadcast_to(initial, levels[:, :1].shape), levels[:, :-1]], axis=1)
    both = (levels - before > RISE).any(axis=-1).all(axis=-1)
    weeks = both.shape[1] - SPIRAL_WEEKS + 1
    running = np.ones((len(both), max(0, weeks)), dtype=np.bool_)
    for week in range(SPIRAL_WEEKS):
        running &= both[:, week : week + weeks]
    return np.asarray(running.any(axis=1))


def tariff_path(runs: Runs, player: int, lever: int, scale: float) -> np.ndarray:
    """Percentage points at the end of each week, shape (runs, weeks)."""
    return np.asarray(runs.weeks["in_force"][:, :, player, lever] * scale)


def pain(runs: Runs, levers: Sequence[tuple[int, int]]) -> np.ndarray:
    """Mean weekly pain that some levers cause together."""
    hurt = runs.weeks["hurt"]
    return np.asarray(np.stack([hurt[:, :, i, a].mean(axis=1) for i, a in levers]).sum(axis=0))


def _move_entry(move: Move, words: str, commands: frozenset[str]) -> Outcome:
    name = f"{{player}}.num_{move.name.lower()}"
    return Outcome(name, f"{words} by {{player}}", "count", _moves(move), "player",
                   commands=commands, place=5)  # fmt: skip


OUTCOMES: tuple[Outcome, ...] = (
    # of a run
    Outcome("first_truce_week", "week of the first new truce", "weeks", first_truce_week,
            commands=STORED),
    Outcome("num_truces", "new truces", "count", _count("num_truces"),
            commands=STORED | PEOPLE, place=2),
    Outcome("num_renewals", "renewals", "count", _count("num_renewals"), commands=STORED),
    Outcome("num_repairs", "repairs", "count", _count("num_repairs"), commands=STORED),
    Outcome("mean_renewal_lead_weeks", "weeks by which a renewal is early", "weeks", renewal_lead,
            commands=RUN),
    Outcome("weeks_in_truce", "weeks in truce", "weeks", _count("weeks_in_truce"),
            commands=STORED | PEOPLE, place=1),
    Outcome("num_meetings", "weeks with a meeting", "count", _count("num_meetings"),
            commands=STORED),
    Outcome("first_truce_weeks", "weeks to the first new truce", "weeks", first_truce_weeks,
            commands=BY_NAME),
    Outcome("share_in_truce", "share of weeks in a truce", "share",
            lambda runs: runs.tally["weeks_in_truce"] / runs.num_weeks, commands=BY_NAME),
    Outcome("truce_weeks", "weeks that the truce lasts", "weeks", truce_weeks, needs="spells",
            commands=BY_NAME),
    Outcome("outlasts_365", "truce lasts more than 365 days", "share", outlasts_year,
            needs="spells", commands=BY_NAME),
    Outcome("spirals", f"both sides raise a lever in {SPIRAL_WEEKS} weeks running", "share",
            lambda runs: spirals(runs.game.initial["in_force"], runs.weeks["in_force"]),
            needs="weeks", commands=BY_NAME),
    # of each player
    Outcome("{player}.flow", "flow payoff of {player}", "units/week",
            lambda runs, player: runs.weeks["flow"][:, :, player].mean(axis=1), "player",
            needs="weeks", commands=PEOPLE, place=5),
    _move_entry(Move.HOLD, "weeks of doing nothing", RUN),
    _move_entry(Move.SUSPEND, "offers to suspend", STORED),
    _move_entry(Move.ESCALATE, "escalations", STORED | PEOPLE),
    _move_entry(Move.THREATEN, "threats", STORED),
    _move_entry(Move.CONCEDE, "concessions", STORED),
    Outcome("{player}.threats_carried_out", "threats that {player} carried out", "count",
            _of_player("threats_carried_out"), "player", commands=RUN),
    Outcome("{player}.agency_shocks", "moves of agencies of {player}", "count",
            _of_player("agency_shocks"), "player", commands=RUN),
    Outcome("{player}.mean_felt", "pain felt by {player}, mean", "units/week",
            _of_player("mean_felt"), "player", commands=STORED),
    # of each player's tariff
    Outcome("{player}.mean_tariff_pp", "average extra tariff of {player}", "pp",
            _level("mean_in_force"), "tariff", commands=STORED),
    Outcome("{player}.peak_tariff_pp", "average extra tariff of {player}, at its highest", "pp",
            _level("peak_in_force"), "tariff", commands=RUN),
    Outcome("{player}.tariff_pp", "average extra tariff of {player}", "pp",
            lambda runs, *lever: tariff_path(runs, *lever).mean(axis=1), "tariff",
            needs="weeks", commands=PEOPLE, place=3),
    Outcome("{player}.last_tariff_pp", "average extra tariff of {player}, at the end", "pp",
            lambda runs, *lever: tariff_path(runs, *lever)[:, -1], "tariff",
            needs="weeks", commands=PEOPLE, place=3),
    # of each lever
    Outcome("{lever}.mean_in_force", "level of {lever}, mean", "share", _level("mean_in_force"),
            "lever", commands=RUN),
    Outcome("{lever}.peak_in_force", "level of {lever}, at its highest", "share",
            _level("peak_in_force"), "lever", commands=RUN),
    # of each constituency that levers hit
    Outcome("pain.{who}", "pain of {who}", "units/week", pain, "constituency",
            needs="weeks", commands=PEOPLE, place=4),
    # of the truce in force at the start
    Outcome("{measure}_{ahead}", "still in force after {ahead} weeks ({measure})", "share",
            still_holds, "holds", needs="spells", commands=PEOPLE, place=0),
)  # fmt: skip
