"""The step `play`: a saved game played again, its log, and its standing once it is over."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from negotiation_abm.files.folder import writing
from negotiation_abm.files.provenance import SEED_FORMULA
from negotiation_abm.play.course import course
from negotiation_abm.play.identity import state_hash
from negotiation_abm.play.log import log_table
from negotiation_abm.play.session import Session
from negotiation_abm.play.standing import Standing, standing
from negotiation_abm.scenario.provenance import provenance_of

FLOATS = "%.8g"  # of tables


def run_play(
    session: Session,
    replicates: int,
    out: Path | None = None,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """Describe a game; once it is over, place it among `replicates` simulated ones.

    Returns
    -------
    dict
        What ``play.json`` holds. With `out`, this file, ``log.csv`` and, of a game that is over,
        ``standing.csv`` and ``simulated.csv`` (survival of the simulated truces) are written.

    Raises
    ------
    InputError
        If `out` cannot be written to.
    """
    if out is None:
        return summary_of(session, _standing(session, replicates, threads, progress))
    facts = provenance_of(session.game) | {
        "seed": session.start.seed,
        "replicate": session.start.replicate,
        "replicates": replicates,
        "seed_formula": SEED_FORMULA,
        "game": session.saved().model_dump(mode="json", by_alias=True),
    }
    with writing(out, "play", facts) as draft:
        found = _standing(session, replicates, threads, progress)
        log_table(session.log).to_csv(draft.path("log.csv"), index=False, float_format=FLOATS)
        if found is not None:
            for name, table in (("standing", found.table), ("simulated", found.survival)):
                table.to_csv(draft.path(f"{name}.csv"), index=False, float_format=FLOATS)
        summary = summary_of(session, found)
        draft.json("play.json", summary)
    return summary


def _standing(
    session: Session,
    replicates: int,
    threads: int | None,
    progress: Callable[[int], None] | None,
) -> Standing | None:
    return standing(session, replicates, threads, progress) if session.is_over else None


def summary_of(session: Session, found: Standing | None) -> dict[str, Any]:
    """The game in short: what it started from, where it is, its course, its standing."""
    start, game, state = session.start, session.game, session.model.state
    return {
        "scenario": game.scenario.name,
        "parameters": game.parameter_set.name,
        "first_week": game.scenario.date_of(int(game.initial["turn"][0])).isoformat(),
        "weeks": len(game.weeks) - int(game.initial["turn"][0]),
        "weeks_played": int(state.turn) - int(game.initial["turn"][0]),
        "side": start.side,
        "opponent": {"player": game.players[session.other], "strategy": start.opponent},
        "seed": start.seed,
        "replicate": start.replicate,
        "is_over": session.is_over,
        "decisions": len(session.moves),
        "moves": sum(move != "HOLD" for move in session.moves),
        "state": state_hash(state),
        "course": course(session),
        "outcomes": [] if found is None else found.table.to_dict("records"),
        "replicates": 0 if found is None else found.replicates,
        "notes": [*session.notes, *game.notes],
    }
