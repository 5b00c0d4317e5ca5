"""What a forecast is held against: the status quo, and constant hazards.

Both know what the game knows and nothing later. The hazards are those of the reference class, all
episodes of the pool that had begun, each with its record up to the cut-off; half an event is added,
so that what has not happened yet is not impossible.
"""

from typing import TYPE_CHECKING

import numpy as np

from negotiation_abm.calibration.dispute import Dispute, decided_escalations
from negotiation_abm.core.terms import Phase, TruceEnd
from negotiation_abm.core.tracker import COVERED

if TYPE_CHECKING:
    from negotiation_abm.calibration.questions import Question

HALF = 0.5
LASTING = (TruceEnd.CENSORED, TruceEnd.FULFILLED)


def status_quo(dispute: Dispute, question: "Question") -> list[float]:
    """Certainty that nothing changes.

    The truce in force stands, and is not prolonged; where none is in force, none comes; the next
    escalation is by the side and on the lever of the last one.
    """
    answers = question.answers
    if question.kind in ("stands", "in_force", "prolonged"):
        answer = "yes" if question.kind == "stands" else "no"
    else:
        rows = decided_escalations(
            dispute.member.record.rows, dispute.game.scenario.start, dispute.known
        )
        by_lever = question.kind == "next_lever"
        last = rows[-1] if rows else None
        answer = answers[-1] if last is None else last.player
        answer = f"{last.player} {last.lever}" if by_lever and last is not None else answer
    return [float(one == answer) for one in answers]


def constant_hazard(dispute: Dispute, question: "Question") -> list[float]:
    """Probabilities under hazards that do not change, by week."""
    known, day = dispute.known, question.day
    weeks = (day - known).days / 7.0
    if question.kind.startswith("next"):
        return _next(dispute, question, weeks)
    ends = _rate(_ends(dispute), _weeks(dispute, Phase.TRUCE))
    if question.kind == "stands":
        yes = np.exp(-ends * weeks)
    elif question.kind == "in_force":
        begins = _rate(_begun(dispute), _weeks(dispute, Phase.DISPUTE))
        both = begins + ends
        yes = begins / both * (1.0 - np.exp(-both * weeks))
    else:
        prolonged = _rate(_prolonged(dispute), _dated_weeks(dispute))
        both = prolonged + ends
        yes = prolonged / both * (1.0 - np.exp(-both * weeks))
    return [float(yes), float(1.0 - yes)]


def _rate(events: int, weeks: int) -> float:
    return (events + HALF) / (weeks + 2.0 * HALF)


def _ends(dispute: Dispute) -> int:
    spells = [s for replay in dispute.replays for s in replay.spells if s.measure == COVERED]
    return sum(spell.cause not in LASTING for spell in spells)


def _begun(dispute: Dispute) -> int:
    return sum(kind == "BEGUN" for replay in dispute.replays for _, kind, _ in replay.agreements)


def _prolonged(dispute: Dispute) -> int:
    return sum(kind == "RENEWED" for replay in dispute.replays for _, kind, _ in replay.agreements)


def _weeks(dispute: Dispute, phase: Phase) -> int:
    return sum(week["phase"] == phase.name for r in dispute.replays for week in r.weeks)


def _dated_weeks(dispute: Dispute) -> int:
    """Weeks of a truce with a date."""
    return sum(
        week["phase"] == Phase.TRUCE.name and week["weeks_left"] >= 0
        for replay in dispute.replays
        for week in replay.weeks
    )


def _next(dispute: Dispute, question: "Question", weeks: float) -> list[float]:
    """Every side or lever has its own hazard: its share of the escalations of this dispute."""
    start = dispute.game.scenario.start
    rows = decided_escalations(dispute.member.record.rows, start, dispute.known)
    named = [r.player if question.kind == "next_side" else f"{r.player} {r.lever}" for r in rows]
    counts = np.array([named.count(answer) + HALF for answer in question.answers[:-1]])
    seen = max(1.0, (dispute.known - start).days / 7.0)
    none = np.exp(-(len(rows) + HALF) / seen * weeks)
    return [*(counts / counts.sum() * (1.0 - none)).tolist(), float(none)]
