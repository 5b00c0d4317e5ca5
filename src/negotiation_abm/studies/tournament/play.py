"""Playing the pairs of a tournament, and what is taken down of each run.

The game is not symmetric, so a pair is ordered: the first strategy plays the first player. All
pairs have the same draws (common random numbers).
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product

from negotiation_abm.run.outcome import Outcome
from negotiation_abm.run.play import Case, Played, play
from negotiation_abm.run.registry import outcomes_for
from negotiation_abm.scenario.game import Game
from negotiation_abm.strategies import code_of


def play_pairs(
    game: Game,
    names: list[str],
    replicates: int,
    seed: int,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Played]:
    """Play every ordered pair of `names`, in order; the label of a case is its pair.

    The outcomes are ``PLAYER.flow`` and ``PLAYER.num_escalate`` of both players,
    ``share_in_truce``, ``spirals``, and those of `further_outcomes`.
    """
    cases = [
        Case((first, second), replace(game, strategy_codes=(code_of(first), code_of(second))))
        for first, second in product(names, names)
    ]
    wanted: list[str | Outcome] = ["share_in_truce", "spirals"]
    wanted += [f"{player}.{what}" for player in game.players for what in ("flow", "num_escalate")]
    yield from play(cases, [*wanted, *further_outcomes(game)], replicates, seed, threads, progress)


def further_outcomes(game: Game) -> list[Outcome]:
    """Outcomes of the registry that pairs are judged by besides those of a tournament itself."""
    return outcomes_for(game, "tournament")
