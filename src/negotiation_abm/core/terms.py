"""The words of the game: moves, phases, forums, ends of truces, and how options are numbered."""

from enum import IntEnum

from negotiation_abm.core._rule import rule

NUM_PLAYERS = 2
MAX_LEVERS = 6
MAX_DOMAINS = 8
MAX_EXCHANGES = 8
NUM_OPTIONS = 2 + 3 * MAX_LEVERS  # `num_options` of a player with all levers
LONG_AGO = -10_000  # a turn before any that can matter
TINY = 1e-9  # levels nearer than this are the same level


class Move(IntEnum):
    """The five moves of the game (a lever goes with the last three)."""

    HOLD = 0
    SUSPEND = 1
    ESCALATE = 2
    THREATEN = 3
    CONCEDE = 4


NUM_MOVES = len(Move)


class Phase(IntEnum):
    """State of the relation."""

    DISPUTE = 0
    TRUCE = 1


class Stage(IntEnum):
    """How far a week has come (`negotiation_abm.core.turn`)."""

    BEFORE = 0
    AGENCIES = 1
    MOVES = 2
    AFTER = 3


class Forum(IntEnum):
    """Where the two sides meet this week; it sets the terms of an agreement."""

    NONE = 0
    ROUND = 1
    SUMMIT = 2


class TruceEnd(IntEnum):
    """How a spell of truce ended.

    ``ESCALATION`` belongs to the any-domain measure alone: an escalation of at least
    `min_severity` on a lever that the truce does not cover. ``NON_DELIVERY`` is a collapse,
    breach or escalation that answers something promised and not delivered. ``FULFILLED`` is no
    failure: all that the truce covers has been given up.
    """

    CENSORED = 0
    BREACH = 1
    COLLAPSE = 2
    LAPSE = 3
    ESCALATION = 4
    NON_DELIVERY = 5
    FULFILLED = 6


class Event(IntEnum):
    """What a move or the end of a turn did to the truce."""

    NONE = 0
    BEGUN = 1
    REPAIRED = 2
    RENEWED = 3
    ENDED = 4


@rule
def opponent_of(player):  # type: ignore[no-untyped-def]
    """The other player.

    >>> opponent_of(0), opponent_of(1)
    (1, 0)
    """
    return 1 - player


@rule
def option_of(move, lever):  # type: ignore[no-untyped-def]
    """Number of an option, 0..19: a move together with its lever.

    >>> option_of(Move.HOLD, 0), option_of(Move.SUSPEND, 0), option_of(Move.CONCEDE, 1)
    (0, 1, 7)
    """
    if move == Move.HOLD:
        return 0
    if move == Move.SUSPEND:
        return 1
    return 3 * lever + move


@rule
def move_of(option):  # type: ignore[no-untyped-def]
    """The `Move` of an option, as an integer.

    >>> [move_of(option) for option in (0, 1, 2, 3, 4, 5)]
    [0, 1, 2, 3, 4, 2]
    """
    if option < 2:
        return option
    return 2 + (option - 2) % 3


@rule
def lever_of(option):  # type: ignore[no-untyped-def]
    """The lever of an option; -1 for HOLD and SUSPEND.

    >>> lever_of(1), lever_of(4), lever_of(5)
    (-1, 0, 1)
    """
    if option < 2:
        return -1
    return (option - 2) // 3


@rule
def num_options(num_levers):  # type: ignore[no-untyped-def]
    """Number of options of a player with so many levers: HOLD, SUSPEND, three moves a lever.

    >>> num_options(6) == NUM_OPTIONS
    True
    """
    return 2 + 3 * num_levers


@rule
def clear_info(info):  # type: ignore[no-untyped-def]
    """Reset the diagnostics record before a move or the end of a turn."""
    info.event = Event.NONE
    info.cause = TruceEnd.CENSORED
    info.player = -1
    info.lever = -1
    info.agency = 0
    info.pledge = -1
    info.severity = 0.0
    info.carried_out = 0
