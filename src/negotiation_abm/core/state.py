"""The state of the game: who plays, what a move is, and all that the next turn depends on.

One `GameState` is a record with the fields of `STATE`. The compiled run keeps it as a NumPy
record, the readable run as a plain object with the same fields (`as_object`); the rules see no
difference. Axis 0 of a field with two entries is the player; axis 1 of a ``(2, 6)`` field is the
owner's lever.
"""

from types import SimpleNamespace
from typing import Any

import numpy as np

from negotiation_abm.core.modules import FIELDS, WEEK_FIELDS
from negotiation_abm.core.terms import (
    MAX_DOMAINS,
    MAX_EXCHANGES,
    MAX_LEVERS,
    NUM_PLAYERS,
)

_PER_PLAYER = (NUM_PLAYERS,)
_PER_LEVER = (NUM_PLAYERS, MAX_LEVERS)

STATE = np.dtype(
    [
        # levers, by owner
        ("in_force", "f8", _PER_LEVER),  # pressure now felt, 0..1
        ("loaded", "f8", _PER_LEVER),  # suspended, snaps back, 0..1
        ("pending", "f8", _PER_LEVER),  # announced step, 0..1
        ("num_pending", "i8"),  # levers with something pending
        ("pending_weeks", "i8", _PER_LEVER),  # whole weeks until the announced date; -1: undated
        ("pending_lead", "i8", _PER_LEVER),  # weeks between announcement and date
        ("irreplaceability", "f8", _PER_LEVER),  # 0..1, erodes with use
        ("potency", "f8", _PER_LEVER),  # weight * irreplaceability ** convexity
        ("bite", "f8", _PER_LEVER),  # saturating effect h(in_force), 0..1
        ("intensity", "f8", _PER_LEVER),  # of enforcement; pain follows in_force * intensity
        ("use", "f8", _PER_LEVER),  # in_force summed since erosion was last booked
        ("covered", "i8", _PER_LEVER),  # 1 where the truce in force covers the lever
        ("last_escalation", "i8", (NUM_PLAYERS, MAX_DOMAINS)),  # turn, by domain
        ("latest_escalation", "i8"),  # the latest of these turns
        # players
        ("anger", "f8", _PER_PLAYER),
        ("goodwill", "f8", _PER_PLAYER),
        ("market_loss", "f8", _PER_PLAYER),
        ("unmet", "f8", _PER_PLAYER),  # what the player sees as promised and not delivered
        ("unmet_lever", "i8", _PER_PLAYER),  # lever of the opponent that it is about; -1
        ("unmet_pledge", "i8", _PER_PLAYER),  # pledge that it is about; -1
        ("felt", "f8", _PER_PLAYER),  # relievable pain with a short memory
        ("offer", "i8", _PER_PLAYER),  # weeks that the standing offer still lives
        ("last_option", "i8", _PER_PLAYER),
        # relation
        ("turn", "i8"),
        # where the week stands (`negotiation_abm.core.turn`)
        ("stage", "i8"),  # Stage
        ("first", "i8"),  # player who moves first in every exchange of the week
        ("exchange", "i8"),
        ("place", "i8"),  # 0 where the first mover is to move, 1 where the second is
        ("moved", "i8"),  # 1 if somebody has moved in this exchange
        ("agency_draw", "f8", _PER_PLAYER),  # uniforms: does an agency act this week?
        ("by_agency", "i8"),  # 1 while an agency acts of its own accord
        ("forum", "i8"),
        ("phase", "i8"),
        ("age", "i8"),  # weeks since the truce began
        ("weeks_left", "i8"),  # until its date; -1 without a date
        ("renewals", "i8"),
        ("leaders", "i8"),  # 1 if a leaders' summit made or renewed the truce
        ("strain", "f8"),
        ("strain_player", "i8"),  # who added to the strain last, and with which lever
        ("strain_lever", "i8"),
        ("strain_agency", "i8"),  # 1 if that was an agency of its own accord
        ("strain_unmet", "i8"),  # 1 if that was something promised and not delivered
        ("strain_pledge", "i8"),  # number of the pledge whose shortfall did it; -1
        ("strain_by", "f8", _PER_PLAYER),  # what each side added to the strain
        ("frailty", "f8"),  # standard normal, drawn for each truce
        ("is_drawn", "i8"),  # 1 once it has been, for the truce in force
        ("outlived", "i8"),  # 1 once the date of the truce has passed without an act
        ("no_rounds", "i8"),  # weeks in which no round comes, as talks were broken off
        # memory of the quantal response (`negotiation_abm.strategies.logit`): for each lever the
        # exponentials of its own part of the values, and the inputs that they were made from
        ("odds", "f8", (*_PER_LEVER, 3)),
        ("odds_inputs", "f8", (*_PER_LEVER, 5)),
        # the same times what answers and coverage make of them, and their sums over the levers; 1
        # says that they hold (`negotiation_abm.core.levers.touch`)
        ("ready_odds", "f8", (*_PER_LEVER, 3)),
        ("is_ready", "i8", _PER_LEVER),
        ("odds_sums", "f8", (NUM_PLAYERS, 3)),
        ("are_summed", "i8", _PER_PLAYER),
        # and of what all moves of a type share: exponents and exponentials
        ("shared_inputs", "f8", (NUM_PLAYERS, 6)),
        ("shared_odds", "f8", (NUM_PLAYERS, 6)),
        *FIELDS,
    ],
    align=True,
)

WEEK = np.dtype(
    [
        ("forum", "i8"),  # scheduled meeting of this week
        ("weeks_to_summit", "i8"),  # to the next announced summit; -1 if none
        ("salience", "f8", _PER_LEVER),  # of the owner's lever for the side that it hits
        ("shock", "f8", _PER_LEVER),  # level that an outside event sets; NaN if none
        ("has_shock", "i8"),
        ("new_salience", "i8"),  # 1 where some salience differs from the week before
        ("script", "i8", (NUM_PLAYERS, MAX_EXCHANGES)),  # options of scripted players; -1 if none
        ("has_forced", "i8"),
        ("forced", "i8", (NUM_PLAYERS, MAX_EXCHANGES)),  # 1 + option that a player must take; 0
        *WEEK_FIELDS,
    ],
    align=True,
)

INFO = np.dtype(
    [
        ("event", "i8"),  # Event
        ("cause", "i8"),  # TruceEnd, if the event is ENDED
        ("player", "i8"),  # who broke or strained the truce; -1 if nobody
        ("lever", "i8"),  # with which lever; -1 if none
        ("agency", "i8"),  # 1 if an agency did of its own accord what the end is put down to
        ("pledge", "i8"),  # the pledge behind it; -1 if none
        ("severity", "f8"),  # of the escalation just made, else 0
        ("carried_out", "i8"),  # 1 if the escalation carried out a pending threat
        # the move itself
        ("mover", "i8"),  # who made it
        ("by_agency", "i8"),  # 1 if an agency made it of its own accord
        ("option", "i8"),
        ("step", "f8"),  # size before the limits of its lever
        ("lead", "i8"),  # weeks until the date of a threat
        ("weeks_left", "i8"),  # clock of the truce before the move; -1 without a date
    ],
    align=True,
)


def as_object(record: Any) -> SimpleNamespace:
    """Copy one NumPy record into a plain object with the same fields (quick in Python).

    Scalars become Python numbers, subarrays become arrays of their own.
    """
    fields = record.dtype.names
    return SimpleNamespace(
        **{
            name: np.array(record[name]) if record.dtype[name].shape else record[name].item()
            for name in fields
        }
    )


def as_record(thing: Any, dtype: np.dtype) -> np.ndarray:
    """One record array of length 1 with the fields of a plain object (the way back)."""
    record = np.zeros(1, dtype=dtype)
    for name in dtype.names or ():
        record[0][name] = getattr(thing, name)
    return record


def blank(dtype: np.dtype) -> np.ndarray:
    """One zeroed record array of length 1 (the shape that kernels take)."""
    return np.zeros(1, dtype=dtype)
