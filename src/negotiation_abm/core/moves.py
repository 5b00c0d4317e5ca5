"""The moves of one run, taken down as a reader of a record would see them."""

# mypy: disable-error-code="no-untyped-def"

import numpy as np

from negotiation_abm.core._rule import rule
from negotiation_abm.core.terms import NUM_PLAYERS, Event, Move, Phase, lever_of, move_of

LEAST = 1e-9  # by which a level falls if an agreement lowers it

MOVES = np.dtype(
    [
        ("turn", "i8"),
        ("player", "i8"),
        ("move", "i8"),  # `Move`; HOLD is left out
        ("lever", "i8"),  # -1 for SUSPEND
        ("severity", "f8"),
        ("covered", "i8"),  # 1 if the truce in force covered the lever
        ("in_truce", "i8"),  # before the move
        ("weeks_left", "i8"),  # before the move; -1 without a date
        ("lead", "i8"),  # of a threat, else of the threat that was pending on the lever; -1
        ("carried_out", "i8"),  # 1 where an escalation carried out a threat
        ("event", "i8"),  # `Event`
        ("further", "i8"),  # 1 for a further row of a package, which is no choice of its own
        ("eased", "i8", (NUM_PLAYERS,)),  # levers of each side that an agreement lowered
    ]
)


@rule
def _lead_of(before, info, player, lever):
    """Lead of the threat that is made, or that was pending on the lever; -1 if there is none."""
    if move_of(info.option) == Move.THREATEN:
        return info.lead
    if lever >= 0 and before.pending[player, lever] > 0.0:
        return before.pending_lead[player, lever]
    return -1


@rule
def note_move(moves, made, state, params, info, before):
    """Take down the move that `info` tells of, if it is any but HOLD.

    Parameters
    ----------
    moves : record array of `MOVES`
        Row `made`, zeroed, is filled.
    before : record of `STATE`
        The state before the move.

    Returns
    -------
    int
        The number of moves taken down.
    """
    if info.option == Move.HOLD:
        return made
    row, player, lever = moves[made], info.mover, lever_of(info.option)
    row.turn = state.turn
    row.player = player
    row.move = move_of(info.option)
    row.lever = lever
    row.severity = info.severity
    row.covered = before.covered[player, lever] if lever >= 0 else 0
    row.in_truce = 1 if before.phase == Phase.TRUCE else 0
    row.weeks_left = before.weeks_left
    row.lead = _lead_of(before, info, player, lever)
    row.carried_out = info.carried_out
    row.event = info.event
    if info.event == Event.BEGUN or info.event == Event.RENEWED or info.event == Event.REPAIRED:
        for side in range(NUM_PLAYERS):
            for other in range(params.num_levers[side]):
                if state.in_force[side, other] < before.in_force[side, other] - LEAST:
                    row.eased[side] += 1
    return made + 1
