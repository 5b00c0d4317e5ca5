"""The log of a game: what happened, week by week, in plain words."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from negotiation_abm.core.terms import Event, Forum, Move, Phase, TruceEnd, lever_of, move_of
from negotiation_abm.files import words

if TYPE_CHECKING:
    import pandas as pd

    from negotiation_abm.run.model import NegotiationModel

_AGREEMENT = {
    Event.BEGUN: "a truce begins",
    Event.REPAIRED: "the truce is repaired",
    Event.RENEWED: "the truce is renewed",
}
_END = {
    TruceEnd.BREACH: "this breaks the truce",
    TruceEnd.COLLAPSE: "the truce collapses under strain",
    TruceEnd.LAPSE: "the truce lapses: its date has passed",
    TruceEnd.FULFILLED: "the truce is fulfilled: all that it covers has been given up",
    TruceEnd.NON_DELIVERY: "the truce ends over something promised and not delivered",
}
_MEETING = {Forum.ROUND: "the two sides hold a round of talks", Forum.SUMMIT: "the leaders meet"}


@dataclass(frozen=True)
class LogEntry:
    """One line of the log.

    Attributes
    ----------
    turn, date, exchange : int, date, int
        Week from the start, its first day, and the exchange from 1 (0: not a move).
    player, move, lever : str
        Empty where nobody moved.
    before, after : float or None
        Level of the lever.
    probability : float or None
        That the quantal response of its player gave to the move.
    event : str
        Name of what it did to the truce; empty for nothing.
    text : str
        All of it in words.
    """

    turn: int
    date: dt.date
    exchange: int
    player: str
    move: str
    lever: str
    before: float | None
    after: float | None
    probability: float | None
    event: str
    text: str


def move_entry(
    model: "NegotiationModel",
    player: int,
    option: int,
    before: float | None,
    probability: float | None,
    exchange: int = 0,
) -> LogEntry:
    """The line of a move that has just been made; one without a probability is an agency's.

    `exchange` is that in which the move was made, from 0.
    """
    game, state = model.game, model.state
    lever, move = lever_of(option), Move(move_of(option))
    name = game.lever_names[player][lever] if lever >= 0 else ""
    after = float(state.in_force[player, lever]) if lever >= 0 else None
    label = game.players[player]
    text = _move_text(model, player, move, lever, before)
    if probability is None:
        text = f"an agency of its own accord: {text}"
    consequence = _consequence(model)
    return LogEntry(
        turn=state.turn,
        date=game.scenario.date_of(state.turn),
        exchange=0 if probability is None else exchange + 1,
        player=label,
        move=move.name,
        lever=name,
        before=before,
        after=after,
        probability=probability,
        event=Event(int(model.info.event)).name if model.info.event else "",
        text=f"{words.player(label)}: {text}" + (f"; {consequence}" if consequence else ""),
    )


def _move_text(
    model: "NegotiationModel", player: int, move: Move, lever: int, before: float | None
) -> str:
    if move == Move.SUSPEND:
        return "offers to suspend"
    name = words.lever(model.game.lever_names[player][lever])
    if move == Move.THREATEN:
        weeks = int(model.state.pending_weeks[player, lever])
        date = model.game.scenario.date_of(model.state.turn + weeks)
        size = level_text(model, player, lever, float(model.state.pending[player, lever]))
        return f"threatens with {name}, {size} more from the week of {date}"
    assert before is not None
    old = level_text(model, player, lever, before, unit=False)
    new = level_text(model, player, lever, float(model.state.in_force[player, lever]))
    if move == Move.CONCEDE and new.split()[0] == old:  # of a suspended part, or of a threat
        return f"gives up {name} that were not in force"
    return f"{'raises' if move == Move.ESCALATE else 'eases'} {name} from {old} to {new}"


def level_text(
    model: "NegotiationModel", player: int, lever: int, level: float, unit: bool = True
) -> str:
    """A level as people say it: points of a tariff, else per cent of full use."""
    label, name = model.game.players[player], model.game.lever_names[player][lever]
    scale = model.game.scenario.levers[label][name].pp_at_full
    text = f"{level * (scale or 100.0):.0f}"
    return text if not unit else f"{text} {'points' if scale else '%'}"


def _consequence(model: "NegotiationModel") -> str:
    """What a move, or the end of a week, did to the truce."""
    event, state = Event(int(model.info.event)), model.state
    if event == Event.ENDED:
        return _END.get(TruceEnd(int(model.info.cause)), "the truce ends")
    if event not in _AGREEMENT:
        return ""
    if state.weeks_left < 0:
        return f"{_AGREEMENT[event]}, without a date"
    date = model.game.scenario.date_of(state.turn + state.weeks_left)
    return f"{_AGREEMENT[event]}, until the week of {date}"


def week_entry(model: "NegotiationModel", turn: int, text: str, event: str = "") -> LogEntry:
    """A line of a week in which nobody need have moved."""
    date = model.game.scenario.date_of(turn)
    return LogEntry(turn, date, 0, "", "", "", None, None, None, event, text)


def opening(model: "NegotiationModel") -> LogEntry | None:
    """The line of a meeting in the week that has just been opened."""
    forum = Forum(int(model.state.forum))
    return week_entry(model, model.state.turn, _MEETING[forum], forum.name) if forum else None


def closing(model: "NegotiationModel", was_truce: bool) -> LogEntry | None:
    """The line of a truce that ended with the week that has just been closed."""
    if not was_truce or model.state.phase == Phase.TRUCE:
        return None
    cause = TruceEnd(int(model.spells[-1].cause))
    return week_entry(model, model.state.turn - 1, _END.get(cause, "the truce ends"), "ENDED")


def log_table(entries: Iterable[LogEntry]) -> "pd.DataFrame":
    """The log as a table: ``week_of`` and the attributes of the entries."""
    import pandas as pd

    names = [field.name for field in fields(LogEntry) if field.name != "date"]
    rows: list[dict[str, Any]] = [
        {"week_of": entry.date.isoformat()} | {name: getattr(entry, name) for name in names}
        for entry in entries
    ]
    return pd.DataFrame(rows, columns=["week_of", *names])
