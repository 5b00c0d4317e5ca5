"""What a lever does: its potency changed or the lever taken away, over posterior draws and rules.

Each draw plays the changed game and its own base with the same random numbers, so a difference is
that of the change alone. Two ways to weaken a lever are kept apart: *potency x k* changes what it
does to the other side and leaves its owner's menu as it is; *disabled* takes it off the menu as
well, which by itself leaves fewer ways to escalate. `across_rules` then puts the responses under
several rules of the game side by side: what holds under one of them alone is no finding.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from negotiation_abm.core.levers import set_level, set_pending
from negotiation_abm.core.params import derive
from negotiation_abm.core.state import as_object
from negotiation_abm.core.terms import Move, Phase
from negotiation_abm.core.tracker import ANY_DOMAIN, COVERED
from negotiation_abm.run.batch import Block
from negotiation_abm.run.outcome import Runs
from negotiation_abm.run.outcomes import first_truce_weeks
from negotiation_abm.run.play import Case, play
from negotiation_abm.run.running import first_of_running
from negotiation_abm.run.spells import curves_of
from negotiation_abm.scenario.game import Game

INTERVAL = (0.05, 0.5, 0.95)
HALF_YEAR_WEEKS = 26
STANDS = "the truce in force outlasts 26 weeks"


@dataclass(frozen=True)
class Change:
    """One change of one lever."""

    label: str
    potency: float  # factor on the lever's weight
    disabled: bool = False


CHANGES = (
    Change("potency x 0", 0.0),
    Change("potency x 0.5", 0.5),
    Change("potency x 2", 2.0),
    Change("disabled", 0.0, disabled=True),
)


def changed_lever(game: Game, player: int, lever: int, change: Change) -> Game:
    """The game with one lever changed."""
    params, initial = game.params.copy(), game.initial.copy()
    params["weight"][0, player, lever] *= change.potency
    initial["potency"][0, player, lever] *= change.potency
    if change.disabled:
        params["cap"][0, player, lever] = 0.0
        params["floor"][0, player, lever] = 0.0
        derive(params)
        state = as_object(initial[0])
        state.loaded[player, lever] = 0.0
        set_pending(state, player, lever, 0.0)
        set_level(state, as_object(params[0]), player, lever, 0.0)
        for name in ("in_force", "loaded", "pending", "num_pending", "bite"):
            initial[name][0] = getattr(state, name)
    return replace(game, params=params, initial=initial)


def response_means(game: Game, block: Block) -> dict[str, float]:
    """Means over runs: moves and truces a run, first truce, tariffs, how long truces last."""
    runs = block.runs
    first = first_truce_weeks(Runs(game, runs))
    found = {}
    for i, player in enumerate(game.players):
        found[f"{player} escalations"] = float(runs["num_moves"][:, i, Move.ESCALATE].mean())
        found[f"{player} concessions"] = float(runs["num_moves"][:, i, Move.CONCEDE].mean())
    found["escalations"] = sum(found[f"{player} escalations"] for player in game.players)
    found["truces begun"] = float(runs["num_truces"].mean())
    found["first truce, weeks"] = float(first.mean())
    found["weeks in truce"] = float(runs["weeks_in_truce"].mean())
    for i, (lever, scale) in game.tariff_levers().items():
        mean = runs["mean_in_force"][:, i, lever].mean()
        found[f"{game.players[i]} mean tariff, pp"] = float(mean * scale)
    for name, measure in (("covered", COVERED), ("any domain", ANY_DOMAIN)):
        spells = block.spells[block.spells["measure"] == measure]
        found[f"S(26 weeks), {name}"] = float(curves_of([spells]).at(HALF_YEAR_WEEKS).value[0])
    if game.initial["phase"][0] == Phase.TRUCE:
        own = first_of_running(game, block.spells, COVERED)
        lasted = own["duration_weeks"] - own["entry_weeks"]
        found[STANDS] = float((lasted > HALF_YEAR_WEEKS).sum() / len(runs))
    return found


def lever_response(
    games: Sequence[Game],
    weeks: int,
    replicates: int,
    seed: int,
    changes: Sequence[Change] = CHANGES,
    progress: Callable[[int], None] | None = None,
) -> pd.DataFrame:
    """Differences that each change of each lever makes, over `games` (a posterior draw each).

    Parameters
    ----------
    weeks : int
        Played from the start of the scenario.
    replicates : int
        Runs a draw and change.

    Returns
    -------
    DataFrame
        One row a lever, change and outcome: base and difference (medians over draws), low, high
        (90 % interval over draws, simulation error included), clear (does it exclude 0?).
    """
    labels = games[0].lever_labels()

    def cases() -> Iterator[Case]:
        for number, game in enumerate(games):
            short = replace(game, weeks=game.weeks[:weeks])
            yield Case(number, short)
            for i, a, _ in labels:
                for change in changes:
                    yield Case(number, changed_lever(short, i, a, change))

    found: list[list[dict[str, float]]] = [[] for _ in games]
    for played in play(cases(), (), replicates, seed):
        of_draw = found[played.case.label]
        of_draw.append(response_means(played.case.game, played.block))
        if progress and len(of_draw) == 1 + len(labels) * len(changes):
            progress(played.case.label + 1)
    rows = []
    for number, (label, change) in enumerate(
        ((label, change) for _, _, label in labels for change in changes), start=1
    ):
        for outcome in found[0][0]:
            base = np.array([draw[0][outcome] for draw in found])
            gap = np.array([draw[number][outcome] for draw in found]) - base
            low, mid, high = _quantiles(gap)
            rows.append(
                {
                    "lever": label,
                    "change": change.label,
                    "outcome": outcome,
                    "base": _quantiles(base)[1],
                    "difference": mid,
                    "low": low,
                    "high": high,
                    "clear": bool(low > 0.0 or high < 0.0),
                }
            )
    return pd.DataFrame(rows)


def across_rules(responses: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """What changes of levers do under every rule of the game that was tried.

    Parameters
    ----------
    responses : mapping of str to DataFrame
        `lever_response` under each rule, by name; all of the same levers, changes and outcomes.

    Returns
    -------
    DataFrame
        One row a lever, change and outcome: least and most (of the medians over draws), low and
        high (the widest ends of the intervals), clear_in (rules under which the interval excludes
        0), rules (how many were tried), verdict: ``under every rule`` where it is clear in all and
        of one sign, ``by the rules`` where it is clear under some, else ``not clear``.
    """
    whole = pd.concat(responses.values(), ignore_index=True)
    rows = []
    for key, part in whole.groupby(["lever", "change", "outcome"], sort=False):
        clear = int(part["clear"].sum())
        signs = set(np.sign(part.loc[part["clear"], "difference"]))
        always = clear == len(part) and len(signs) == 1
        verdict = "under every rule" if always else "by the rules" if clear else "not clear"
        rows.append(
            dict(zip(("lever", "change", "outcome"), key, strict=True))
            | {"least": part["difference"].min(), "most": part["difference"].max()}
            | {"low": part["low"].min(), "high": part["high"].max()}
            | {"clear_in": clear, "rules": len(part), "verdict": verdict}
        )
    return pd.DataFrame(rows)


def _quantiles(values: np.ndarray) -> tuple[float, float, float]:
    """Of what is defined."""
    known = values[~np.isnan(values)]
    low, mid, high = np.quantile(known, INTERVAL) if len(known) else (np.nan,) * 3
    return float(low), float(mid), float(high)
