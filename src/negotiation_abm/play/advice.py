"""What each move is worth to the side that is to move, and what would answer it.

The value of a move is what the calibrated player weighs (`core.payoffs.option_value`, in nats, HOLD
is 0), its probability the quantal response to these values. The change of flow is what the move
does at once to the side's weekly flow payoff, in its usual size. Answers are the quantal response
of the other side to the state after the move, again in its usual size, if it moved next.
"""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from negotiation_abm.core.payoffs import flow, option_value
from negotiation_abm.core.state import INFO, as_object, blank
from negotiation_abm.core.terms import Move, lever_of, move_of
from negotiation_abm.core.transitions import apply_move, scheduled_step
from negotiation_abm.play.response import response, twin
from negotiation_abm.play.session import Session

ANSWERS = 3


@dataclass(frozen=True)
class Answer:
    """A move of the other side, with its probability."""

    label: str
    probability: float


@dataclass(frozen=True)
class Choice:
    """A legal move.

    Attributes
    ----------
    option, label : int, str
    move, lever : str
        The lever is empty for HOLD and SUSPEND.
    before, after : float or None
        Level of the lever now and, in the usual size of the move, then; of a threat: the level
        that it announces.
    value : float
        Nats; HOLD is 0.
    probability : float
        That the calibrated player would choose it.
    flow_change : float
        Change of the own weekly flow payoff, payoff units.
    answers : tuple of Answer
        The likeliest answers of the other side, most likely first.
    """

    option: int
    label: str
    move: str
    lever: str
    before: float | None
    after: float | None
    value: float
    probability: float
    flow_change: float
    answers: tuple[Answer, ...]


def choices(session: Session) -> list[Choice]:
    """Every legal move of the person now, in the order of the options."""
    legal = session.legal()
    if not legal:
        return []
    chances = response(session.model, session.side, session.model.state)
    return [_choice(session, option, float(chances[option])) for option in legal]


def _choice(session: Session, option: int, probability: float) -> Choice:
    model, side = session.model, session.side
    params, week = model.params, model.week
    lever, move = lever_of(option), Move(move_of(option))
    after = twin(model.state)
    step = scheduled_step(after, params, side, option, 1.0)
    lead = int(params.lead_weeks[int(np.argmax(params.lead_probability))])
    apply_move(after, params, side, option, step, lead, 0.0, as_object(blank(INFO)[0]))
    before = float(model.state.in_force[side, lever]) if lever >= 0 else None
    level = float(after.in_force[side, lever]) if lever >= 0 else None
    if level is not None and move == Move.THREATEN:
        level += float(after.pending[side, lever])
    gained = flow(after, params, week, side) - flow(model.state, params, week, side)
    return Choice(
        option=option,
        label=session.label(option),
        move=move.name,
        lever=session.game.lever_names[side][lever] if lever >= 0 else "",
        before=before,
        after=level,
        value=float(option_value(twin(model.state), params, week, side, option)),
        probability=probability,
        flow_change=float(gained),
        answers=_answers(session, after),
    )


def _answers(session: Session, state: SimpleNamespace) -> tuple[Answer, ...]:
    chances = response(session.model, session.other, state)
    order = np.argsort(-chances, kind="stable")[:ANSWERS]
    return tuple(
        Answer(session.game.option_label(int(option), session.other), float(chances[option]))
        for option in order
        if chances[option] > 0.0
    )
