"""A game as the page shows it, in words: the situation, the levers, the moves, the log."""

from collections.abc import Sequence
from typing import Any

from negotiation_abm.core.payoffs import is_breach
from negotiation_abm.core.terms import Event, Forum, Move, Phase
from negotiation_abm.files import words
from negotiation_abm.play.advice import Choice
from negotiation_abm.play.log import level_text
from negotiation_abm.play.session import Session

FORUM_TEXT = {Forum.NONE: "none", Forum.ROUND: "a round of talks", Forum.SUMMIT: "the leaders meet"}
VERBS = {Move.ESCALATE: "Raise", Move.THREATEN: "Threaten with", Move.CONCEDE: "Ease"}
MOST_LOGGED = 200


def situation(session: Session) -> list[tuple[str, str]]:
    """Where the game stands, as pairs of a heading and a few words."""
    game, state, params = session.game, session.model.state, session.model.params
    me, other = words.player(session.start.side), words.player(game.players[session.other])
    first = int(game.initial["turn"][0])
    played, weeks = state.turn - first, len(game.weeks) - first
    rows = []
    if session.is_over:
        rows.append(("Week", f"{weeks} of {weeks} played: the game is over"))
    else:
        rows.append(("Week", f"{played + 1} of {weeks}, from {game.scenario.date_of(state.turn)}"))
        whose = "you move first"
        if state.place == 1:
            last = game.option_label(int(state.last_option[session.other]), session.other)
            whose = f"{other} {answer_text(last)}, your answer"
        rows.append(
            ("Exchange", f"{state.exchange + 1} of at most {params.exchanges_per_turn}; {whose}")
        )
        rows.append(("Meeting", FORUM_TEXT[Forum(int(state.forum))]))
    rows += _truce(session)
    for player, name in ((session.side, "Your offer"), (session.other, f"Offer of {other}")):
        if state.offer[player] > 0:
            rows.append((name, "stands: an answering offer makes an agreement"))
    rows += [("Announced", text) for text in _threats(session)]
    felt, anger = state.felt, state.anger
    rows.append(("Pain felt", f"{me} {felt[session.side]:.2f}, {other} {felt[session.other]:.2f}"))
    rows.append(("Anger", f"{me} {anger[session.side]:.1f}, {other} {anger[session.other]:.1f}"))
    return rows


def _truce(session: Session) -> list[tuple[str, str]]:
    scenario, state = session.game.scenario, session.model.state
    rows = []
    if state.phase == Phase.TRUCE:
        since = scenario.date_of(state.turn - state.age)
        until = "without a date"
        if state.weeks_left >= 0:
            until = f"until the week of {scenario.date_of(state.turn + state.weeks_left)}"
        rows.append(("Truce", f"since the week of {since}, {until}"))
        share = state.strain / session.model.params.tolerance
        rows.append(("Strain", f"{percent(share)} of what ends the truce"))
    else:
        rows.append(("Truce", "none: dispute"))
    summit = session.model.week.weeks_to_summit
    if not session.is_over and summit > 0:
        rows.append(("Next summit", f"week of {scenario.date_of(state.turn + summit)}"))
    return rows


def _threats(session: Session) -> list[str]:
    game, state = session.game, session.model.state
    found = []
    for i, a, label in game.lever_labels():
        if state.pending[i, a] > 0.0:
            date = game.scenario.date_of(state.turn + int(state.pending_weeks[i, a]))
            size = level_text(session.model, i, a, float(state.pending[i, a]))
            found.append(f"{words.lever(label)}: {size} more, week of {date}")
    return found


def lever_rows(session: Session) -> list[dict[str, Any]]:
    """Each lever: player, name, shares in force and suspended, what it is in words, covered."""
    game, state = session.game, session.model.state
    rows = []
    for i, a, label in game.lever_labels():
        loaded = float(state.loaded[i, a])
        level = float(state.in_force[i, a])
        text = level_text(session.model, i, a, level)
        if loaded > 0.0:
            levels = (level_text(session.model, i, a, x, unit=False) for x in (level, loaded))
            text = " + ".join(levels) + f" {text.split()[-1]}"
        rows.append(
            {
                "player": words.player(game.players[i]),
                "own": i == session.side,
                "name": words.lever(label.split(".")[1]),
                "in_force": level,
                "loaded": loaded,
                "text": text,
                "covered": bool(state.covered[i, a]),
            }
        )
    return rows


def move_rows(session: Session, choices: Sequence[Choice]) -> list[dict[str, Any]]:
    """Each legal move in words, with what it is worth; HOLD and SUSPEND first."""
    return [
        {
            "option": one.option,
            "move": one.move.lower(),
            "text": words.unbroken(_move_text(session, one)),
            "note": _move_note(session, one),
            "value": f"{one.value:+.2f}" if one.option else "0",
            "chance": percent(one.probability),
            "share": one.probability,
            "flow": f"{one.flow_change:+.3f}" if abs(one.flow_change) >= 0.0005 else "0",
            "answers": "; ".join(
                words.unbroken(f"{answer_text(answer.label)} {percent(answer.probability)}")
                for answer in one.answers
            ),
        }
        for one in choices
    ]


def percent(share: float) -> str:
    """A share in per cent, as exact as it needs to be.

    >>> percent(0.932), percent(0.0214), percent(0.0004), percent(0.0)
    ('93 %', '2.1 %', '<0.1 %', '0 %')
    """
    if share < 0.001:
        return "<0.1 %" if share else "0 %"
    return f"{100 * share:.0f} %" if share >= 0.0995 else f"{100 * share:.1f} %"


def answer_text(label: str) -> str:
    """A move of the opponent in a few words.

    >>> answer_text("HOLD"), answer_text("SUSPEND"), answer_text("ESCALATE rare_earths")
    ('holds', 'offers to suspend', 'raises rare-earth controls')
    """
    return "holds" if label == "HOLD" else words.move(label)


def _move_text(session: Session, one: Choice) -> str:
    if one.move == "HOLD":
        return "Hold"
    if one.move == "SUSPEND":
        return "Offer to suspend"
    lever = session.game.lever_names[session.side].index(one.lever)
    assert one.before is not None
    assert one.after is not None
    old, new = (
        level_text(session.model, session.side, lever, level, unit)
        for level, unit in ((one.before, False), (one.after, True))
    )
    name = words.lever(one.lever)
    if one.move == "THREATEN":
        return f"{VERBS[Move.THREATEN]} {name}, to {new}"
    if one.move == "CONCEDE" and new.split()[0] == old:
        is_threat = session.model.state.pending[session.side, lever] > 0.0
        return f"Withdraw the threat of {name}" if is_threat else f"Give up suspended {name}"
    return f"{VERBS[Move[one.move]]} {name}, {old} to {new}"


def _move_note(session: Session, one: Choice) -> str:
    """What the rules make of a move now, where that is not plain."""
    state, side = session.model.state, session.side
    if one.move == "SUSPEND" and state.offer[session.other] > 0:
        return "makes an agreement"
    if one.move in ("ESCALATE", "THREATEN") and one.lever:
        lever = session.game.lever_names[side].index(one.lever)
        if one.move == "ESCALATE" and is_breach(state, session.model.params, side, lever):
            return "breaks the truce"
        if one.move == "ESCALATE" and state.pending[side, lever] > 0.0:
            return "carries out your threat"
        if one.move == "ESCALATE" and state.phase == Phase.TRUCE:
            return "strains the truce"
    return ""


def log_rows(session: Session) -> list[dict[str, Any]]:
    """The log, newest first: date, text, whose it is, what it did to the truce."""
    own = session.start.side
    return [
        {
            "date": entry.date.isoformat(),
            "text": entry.text,
            "side": "own" if entry.player == own else "other" if entry.player else "event",
            "mark": entry.event if entry.event in Event.__members__ else "",
            "chance": "" if entry.probability is None else percent(entry.probability),
        }
        for entry in reversed(session.log[-MOST_LOGGED:])
    ]
