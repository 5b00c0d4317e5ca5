"""A free run in the form of a record: the compiled run, with every move and week taken down.

The same loop as any other run of a game, seed and replicate; what a statistic sees of it is what
`HistoryBuilder` would have seen.
"""

import numpy as np

from negotiation_abm.core.moves import MOVES
from negotiation_abm.core.state import INFO, STATE
from negotiation_abm.core.terms import Phase
from negotiation_abm.core.tracker import SPELL, TALLY
from negotiation_abm.replay.events import WEEKS, History
from negotiation_abm.run.batch import blank_traces, spells_of_one
from negotiation_abm.run.kernel import make_kernel
from negotiation_abm.scenario.game import Game


def simulated_history(game: Game, seed: int, replicate: int) -> History:
    """One free run to the horizon (the same, draw for draw, as any other run of these)."""
    traces = blank_traces(game, 1)
    most = 2 * (int(game.params["exchanges_per_turn"][0]) + 1)  # moves of a week, agencies' too
    moves = np.zeros(traces.shape[1] * most, MOVES)
    tally = np.zeros(1, TALLY) if game.tally is None else game.tally.copy()
    largest = spells_of_one(game)
    spells = np.zeros(largest, SPELL)
    _, closed, made = make_kernel(game.strategy_codes)(
        game.params, game.weeks, game.initial, np.array(game.strategy_codes), np.uint64(seed),
        np.int64(replicate), np.zeros(2, STATE), np.zeros(1, INFO), tally, spells, largest,
        traces=traces, moves=moves,
    )  # fmt: skip
    ended = spells[:closed].view(np.recarray)
    return History(game, moves[:made].copy(), _weeks(game, traces[0]), list(ended))


def _weeks(game: Game, trace: np.ndarray) -> np.ndarray:
    """The traced weeks of one run as `WEEKS`."""
    turns = np.arange(len(trace)) + int(game.initial["turn"][0])
    weeks = np.zeros(len(trace), WEEKS)
    weeks["turn"] = turns
    weeks["weeks_to_summit"] = game.weeks["weeks_to_summit"][turns]
    weeks["in_truce"] = trace["phase"] == Phase.TRUCE
    for name in ("forum", "weeks_left", "in_force"):
        weeks[name] = trace[name]
    return weeks
