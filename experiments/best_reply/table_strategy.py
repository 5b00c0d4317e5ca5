"""A strategy that looks up its kind of move in a table by a coarse situation.

`learn.py` fills the table and writes the result as a strategy file of its own.
"""

from negotiation_abm.core._rule import rule
from negotiation_abm.core.terms import Move, Phase, opponent_of
from negotiation_abm.core.transitions import is_legal
from negotiation_abm.strategies._pieces import first_legal

# Kind of move (0 HOLD, 1 SUSPEND, 2 ESCALATE, 3 THREATEN, 4 CONCEDE) in each of 16 situations.
TABLE = (0,) * 16

ANGRY = 0.5  # remembered escalations
HURT = 0.3  # felt pain, payoff units


@rule
def situation(state, player):
    """Number of a situation, 0 to 15: truce, opponent's offer, anger, felt pain."""
    number = 1 if state.phase == Phase.TRUCE else 0
    number += 2 if state.offer[opponent_of(player)] > 0 else 0
    number += 4 if state.anger[player] > ANGRY else 0
    number += 8 if state.felt[player] > HURT else 0
    return number


@rule
def carried_out(state, params, player, move):
    """The option of a kind of move: the first legal lever; HOLD where none is."""
    if move == Move.SUSPEND:
        return 1 if is_legal(state, params, player, 1) else 0
    return first_legal(state, params, player, move) if move > Move.SUSPEND else 0


@rule
def choose(state, params, week, player, u, weights):
    """The move that the table has for the situation."""
    return carried_out(state, params, player, TABLE[situation(state, player)])
