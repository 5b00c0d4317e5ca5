"""The course of a game in the form of a replay (``replay.json``), so that its figures serve."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

from negotiation_abm.core.terms import Forum, Phase, TruceEnd
from negotiation_abm.core.tracker import NO_SPELL, NUM_MEASURES
from negotiation_abm.play.session import Session
from negotiation_abm.run.spells import MEASURES


def course(session: Session) -> dict[str, Any]:
    """Weeks, moves, tariffs and truces of the game so far."""
    game = session.game
    levers = game.tariff_levers()
    first = int(game.initial["turn"][0])
    begun = game.scenario.date_of(first)
    weekly = weeks(session)
    return {
        "record": "the game",
        "players": list(game.players),
        "start": begun.isoformat(),
        "until": (begun + dt.timedelta(weeks=max(1, len(weekly)), days=-1)).isoformat(),
        "weekly": weekly,
        "tariffs_are": "effective",
        "tariff_levers": {game.players[i]: game.lever_names[i][a] for i, (a, _) in levers.items()},
        "tariffs_at_start": {
            game.players[i]: float(game.initial["in_force"][0, i, a]) * scale
            for i, (a, scale) in levers.items()
        },
        "tariffs": {game.players[i]: _tariffs(session, i) for i in levers},
        "spells": truces(session),
        "decisions_not_hold": [
            {
                "date": entry.date.isoformat(),
                "player": entry.player,
                "move": f"{entry.move} {entry.lever}".strip(),
                "probability": entry.probability,
            }
            for entry in session.log
            if entry.probability is not None
        ],
        "log": [
            {
                "week_of": entry.date.isoformat(),
                "player": entry.player,
                "probability": entry.probability,
                "event": entry.event,
                "text": entry.text,
            }
            for entry in session.log
        ],
    }


def weeks(session: Session) -> list[dict[str, Any]]:
    """The weeks played: week_of, turn, phase, forum, clock, strain, levers in force and loaded."""
    game = session.game
    first = int(game.initial["turn"][0])
    rows: list[dict[str, Any]] = []
    for number, trace in enumerate(session.traces):
        row = {
            "week_of": game.scenario.date_of(first + number).isoformat(),
            "turn": first + number,
            "phase": Phase(int(trace["phase"])).name,
            "forum": Forum(int(trace["forum"])).name,
            "weeks_left": int(trace["weeks_left"]),
            "strain": float(trace["strain"]),
        }
        for i, player in enumerate(game.players):
            row |= {f"{player}.{name}": float(trace[name][i]) for name in ("flow", "felt", "anger")}
        for i, a, label in game.lever_labels():
            row |= {f"{label}.{kind}": float(trace[kind][i, a]) for kind in ("in_force", "loaded")}
        rows.append(row)
    return rows


def _tariffs(session: Session, player: int) -> list[dict[str, Any]]:
    """Each change of a player's tariff: date and percentage points."""
    game = session.game
    lever, scale = game.tariff_levers()[player]
    level, steps = float(game.initial["in_force"][0, player, lever]), []
    for row in weeks(session):
        now = row[f"{game.players[player]}.{game.lever_names[player][lever]}.in_force"]
        if now != level:
            steps.append({"date": row["week_of"], "pp": now * scale})
        level = now
    return steps


def truces(session: Session) -> list[dict[str, Any]]:
    """Truces of the game by both measures: those that have ended, then those that still hold."""
    spells = [_truce(session, spell) for spell in session.model.spells]
    tally, turn = session.model.tally, session.model.state.turn
    for measure in range(0 if session.is_over else NUM_MEASURES):
        start = int(tally.spell_start[measure])
        if start != NO_SPELL:
            running = SimpleNamespace(
                measure=measure,
                start_week=start,
                duration_weeks=turn - start,
                cause=TruceEnd.CENSORED,
                player=-1,
                lever=-1,
                renewals=int(tally.spell_renewals[measure]),
            )
            spells.append(_truce(session, running))
    return spells


def _truce(session: Session, spell: SimpleNamespace) -> dict[str, Any]:
    game, weeks_held = session.game, int(spell.duration_weeks)
    start = game.scenario.date_of(spell.start_week)
    return {
        "measure": MEASURES[spell.measure],
        "start": start.isoformat(),
        "end": (start + dt.timedelta(weeks=weeks_held)).isoformat(),
        "days": 7 * weeks_held,
        "weeks": weeks_held,
        "event_observed": spell.cause != TruceEnd.CENSORED,
        "cause": TruceEnd(int(spell.cause)).name.lower(),
        "player": game.players[spell.player] if spell.player >= 0 else "",
        "lever": game.lever_names[spell.player][spell.lever] if spell.lever >= 0 else "",
        "renewals": int(spell.renewals),
    }
