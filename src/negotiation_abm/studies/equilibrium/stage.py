"""The stage game: one exchange at a frozen state, as a bimatrix.

Both sides choose one legal option at once; the exchange is then played in one order or the other,
each with half the weight, as the game draws it. What a pair of options is worth to a side, in nats:

- moving first: the value of its own option as the state is (`option_value`), plus ``flow_weight``
  times the change of its own flow payoff that the opponent's option then makes;
- moving second: ``flow_weight`` times the change of its own flow payoff that the opponent's option
  makes, plus the value of its own option after that. An option that is no longer legal then is
  passed over and worth nothing.

So acceptance of an offer that the other makes in the same exchange, mirroring and anger, and what a
package takes off both sides enter as they do in play. Moves have their usual size.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from negotiation_abm.core.draws import normal, pick, uniforms
from negotiation_abm.core.payoffs import flow, option_value
from negotiation_abm.core.state import INFO, as_object, blank
from negotiation_abm.core.terms import NUM_OPTIONS
from negotiation_abm.core.transitions import apply_move, is_legal, scheduled_step
from negotiation_abm.replay.board import Board
from negotiation_abm.run.options import legal_options
from negotiation_abm.strategies._lookahead import copy_state, imagine, new_info, new_twin
from negotiation_abm.strategies.logit import choose

TOLD = 1_000  # runs from one news of progress to the next


@dataclass(frozen=True)
class StageGame:
    """The bimatrix of one exchange.

    Attributes
    ----------
    options : tuple of two tuples of int
        Legal options of each player: the rows, and the columns.
    payoffs : tuple of two ndarrays, shape (rows, columns)
        In nats.
    """

    options: tuple[tuple[int, ...], tuple[int, ...]]
    payoffs: tuple[np.ndarray, np.ndarray]


def stage_game(board: Board) -> StageGame:
    """The stage game of a board that has been opened for a week."""
    state, params, week = board.state, board.params, board.week
    first, second = (tuple(legal_options(state, params, player)) for player in range(2))
    rows = np.array([[_worth(state, params, week, 0, i, j) for j in second] for i in first])
    columns = np.array([[_worth(state, params, week, 1, j, i) for j in second] for i in first])
    return StageGame((first, second), (rows, columns))


def _worth(
    state: SimpleNamespace,
    params: SimpleNamespace,
    week: SimpleNamespace,
    player: int,
    own: int,
    other: int,
) -> float:
    """Mean over both orders of what a pair of options is worth to `player`."""
    opponent = 1 - player
    after_own = _after(state, params, player, own)
    moving_first = option_value(state, params, week, player, own)
    if is_legal(after_own, params, opponent, other):
        after_both = _after(after_own, params, opponent, other)
        change = flow(after_both, params, week, player) - flow(after_own, params, week, player)
        moving_first += params.flow_weight * change
    after_other = _after(state, params, opponent, other)
    change = flow(after_other, params, week, player) - flow(state, params, week, player)
    moving_second = params.flow_weight * change
    if is_legal(after_other, params, player, own):
        moving_second += option_value(after_other, params, week, player, own)
    return float((moving_first + moving_second) / 2.0)


def _after(
    state: SimpleNamespace, params: SimpleNamespace, player: int, option: int
) -> SimpleNamespace:
    twin, infos = new_twin(), new_info()
    copy_state(twin, state)
    imagine(twin[0], params, player, option, infos[0])
    after: SimpleNamespace = twin[0]
    return after


def simulated_frequencies(
    board: Board, replicates: int, seed: int, progress: Callable[[int], None] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """How often each option is taken in the first exchange, if both sides play `logit`.

    Parameters
    ----------
    progress : callable, optional
        Called with the number of runs finished, at every `TOLD`-th.

    Returns
    -------
    tuple of two ndarrays, shape (20,)
        Shares of runs, by option.
    """
    params, week, turn = board.params, board.week, int(board.state.turn)
    counts = np.zeros((2, NUM_OPTIONS))
    twin, info, weights = new_twin(), as_object(blank(INFO)[0]), np.empty(NUM_OPTIONS)
    for replicate in range(replicates):
        copy_state(twin, board.state)
        state = twin[0]
        first = 0 if uniforms(seed, replicate, turn, 0)[0] < 0.5 else 1
        for place, player in enumerate((first, 1 - first)):
            u, u_size, u_lead, _ = uniforms(seed, replicate, turn, 2 + place)
            option = choose(state, params, week, player, u, weights)
            multiple = pick(params.step_multiple, params.step_probability, u_size)
            lead = pick(params.lead_weeks, params.lead_probability, u_lead)
            step = scheduled_step(state, params, player, option, multiple)
            frailty = normal(u_size, u_lead) if option == 1 else 0.0
            apply_move(state, params, player, option, step, lead, frailty, info)
            counts[player, option] += 1
        if progress and (replicate + 1) % TOLD == 0:
            progress(replicate + 1)
    shares = counts / replicates
    return shares[0], shares[1]
