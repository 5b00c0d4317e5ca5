"""What a branch is judged by, run by run: truce, tariffs, pain by constituency, moves, payoffs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from negotiation_abm.core.terms import Move, Phase
from negotiation_abm.core.tracker import COVERED, NO_SPELL
from negotiation_abm.run.batch import (
    TRACED_CHUNK_SIZE,
    Block,
    blank_traces,
    in_chunks,
    run_replicates,
)
from negotiation_abm.run.spells import MEASURES
from negotiation_abm.scenario.game import Game

AHEAD = (13, 26, 52)  # weeks after the branch at which the truce is looked at
# Decimal places for people, by unit.
DIGITS = {"share": 3, "weeks": 2, "count": 2, "pp": 2, "units/week": 3}


@dataclass(frozen=True)
class Outcome:
    """One outcome of a run: what it is called in tables, in words, and its unit."""

    name: str
    text: str
    unit: str


@dataclass(frozen=True)
class Played:
    """All runs of one branch.

    Attributes
    ----------
    outcomes : tuple of Outcome, length K
    values : ndarray, shape (replicates, K)
        NaN where an outcome is not defined: a truce that was not in force at the branch.
    lasted : ndarray of float32, shape (replicates, measures)
        Weeks from the branch to the end of the truce spell that runs then; the weeks played where
        it has not ended, NaN where none is in force, 0 where that of this measure had ended before.
    tariffs : ndarray of float32, shape (replicates, weeks, players with a tariff)
        Percentage points at the end of each week.
    in_truce : ndarray of bool, shape (replicates, weeks)
    forced : ndarray, shape (2,)
        Mean number of forced moves that each player made in a run.
    """

    outcomes: tuple[Outcome, ...]
    values: np.ndarray
    lasted: np.ndarray
    tariffs: np.ndarray
    in_truce: np.ndarray
    forced: np.ndarray


def play(
    game: Game,
    replicates: int,
    seed: int,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Played:
    """Play a branch and take down its outcomes.

    Whatever `progress` raises ends the work within a chunk.
    """

    def part(first: int, count: int) -> Played:
        traces = blank_traces(game, count)
        return _played(game, run_replicates(game, seed, first, count, traces), traces)

    parts, done = [], 0
    for chunk in in_chunks(part, replicates, threads, TRACED_CHUNK_SIZE):
        parts.append(chunk)
        done += len(chunk.values)
        if progress:
            progress(done)
    return Played(
        outcomes=parts[0].outcomes,
        values=np.concatenate([p.values for p in parts]),
        lasted=np.concatenate([p.lasted for p in parts]),
        tariffs=np.concatenate([p.tariffs for p in parts]),
        in_truce=np.concatenate([p.in_truce for p in parts]),
        forced=sum((p.forced for p in parts), np.zeros(2)) / replicates,
    )


def _played(game: Game, block: Block, traces: np.ndarray) -> Played:
    """One chunk of runs; `forced` are sums here."""
    found = list(outcomes_of(game, block, traces))
    paths = [traces["in_force"][:, :, i, a] * scale for i, (a, scale) in _tariffs(game)]
    lasted = [_weeks_held(game, block, measure, traces.shape[1]) for measure in MEASURES]
    return Played(
        outcomes=tuple(outcome for outcome, _ in found),
        values=np.stack([column for _, column in found], axis=1),
        lasted=np.stack(lasted, axis=1).astype(np.float32),
        tariffs=np.stack(paths, axis=2).astype(np.float32)
        if paths
        else np.zeros((*traces.shape, 0), np.float32),
        in_truce=traces["phase"] == Phase.TRUCE,
        forced=block.runs["forced_moves"].sum(axis=0),
    )


def _tariffs(game: Game) -> Iterable[tuple[int, tuple[int, float]]]:
    return game.tariff_levers().items()


def outcomes_of(
    game: Game, block: Block, traces: np.ndarray
) -> Iterable[tuple[Outcome, np.ndarray]]:
    """Every outcome with its value in each run of a block, from the runs and their weeks."""
    weeks = traces.shape[1]
    for measure, label in MEASURES.items():
        lasted = _weeks_held(game, block, measure, weeks)
        for ahead in AHEAD:
            if ahead < weeks:
                words = "covered" if measure == COVERED else "any domain"
                yield (
                    Outcome(f"{label}_{ahead}", f"holds {ahead} weeks ({words})", "share"),
                    np.where(np.isnan(lasted), np.nan, lasted >= ahead),
                )
    runs = block.runs
    yield Outcome("weeks_in_truce", "weeks in truce", "weeks"), runs["weeks_in_truce"]
    yield Outcome("num_truces", "new truces", "count"), runs["num_truces"]
    for i, (a, scale) in game.tariff_levers().items():
        name, path = game.players[i], traces["in_force"][:, :, i, a] * scale
        yield (
            Outcome(f"{name}.tariff_pp", f"effective tariff of {name}, mean", "pp"),
            path.mean(axis=1),
        )
        yield (
            Outcome(f"{name}.last_tariff_pp", f"effective tariff of {name}, at the end", "pp"),
            path[:, -1],
        )
    for who, levers in constituencies(game).items():
        pain = np.stack([traces["hurt"][:, :, i, a].mean(axis=1) for i, a in levers]).sum(axis=0)
        yield Outcome(f"pain.{who}", f"pain of {who}", "units/week"), pain
    for i, name in enumerate(game.players):
        yield (
            Outcome(f"{name}.flow", f"flow payoff of {name}", "units/week"),
            traces["flow"][:, :, i].mean(axis=1),
        )
        moves = runs["num_moves"][:, i]
        yield (
            Outcome(f"{name}.num_escalate", f"escalations of {name}", "count"),
            moves[:, Move.ESCALATE],
        )


def constituencies(game: Game) -> dict[str, list[tuple[int, int]]]:
    """Levers (owner, number) that hit each constituency; the lever's name where none is given."""
    found: dict[str, list[tuple[int, int]]] = {}
    for i, a, label in game.lever_labels():
        player, name = label.split(".")
        who = game.scenario.levers[player][name].hits or f"target of {label}"
        found.setdefault(who, []).append((i, a))
    return found


def _weeks_held(game: Game, block: Block, measure: int, weeks: int) -> np.ndarray:
    """Weeks from the branch to the end of the spell that runs then, shape (runs,).

    A spell without an end counts as `weeks`. NaN if no truce is in force at the branch; 0 if one is
    and its spell of this measure has ended before.
    """
    if game.initial["phase"][0] != Phase.TRUCE:
        return np.full(len(block.runs), np.nan)
    turn = int(game.initial["turn"][0])
    start = turn - int(game.initial["age"][0])
    if game.tally is not None:
        start = int(game.tally["spell_start"][0, measure])
    if start == NO_SPELL:
        return np.zeros(len(block.runs))
    lasted = np.full(len(block.runs), float(weeks))
    spells = block.spells[(block.spells["measure"] == measure) & (block.spells["truce"] == 0)]
    spells = spells[spells["start_week"] == start]
    ended = spells[spells["cause"] != 0]
    rows = ended["replicate"] - block.runs["replicate"][0]
    lasted[rows] = start + ended["duration_weeks"] - turn
    return lasted
