"""All recorded truces of the shipped episodes and of their other readings, replayed."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from negotiation_abm.core.terms import TruceEnd
from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.files.resources import shipped_episodes
from negotiation_abm.record.load import Record, own_record
from negotiation_abm.replay.replay import replay_record
from negotiation_abm.replay.result import RecordedSpell, Replay
from negotiation_abm.run.spells import CAUSES, MEASURES
from negotiation_abm.scenario.game import Game, build_game
from negotiation_abm.scenario.load import load_scenario


@dataclass(frozen=True)
class Episode:
    """One reading of an episode, replayed."""

    name: str
    game: Game
    record: Record
    replay: Replay

    @property
    def of(self) -> str:
        """The episode that this is a reading of."""
        return self.name.partition("/")[0]

    @property
    def is_main(self) -> bool:
        """Is it the main reading?"""
        return self.name == self.of

    @property
    def window(self) -> tuple[dt.date, dt.date]:
        """First and last day observed."""
        return self.game.scenario.start, self.replay.until

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """One row a recorded truce and measure."""
        return [self._row(spell) for spell in sorted(self.replay.spells, key=_order)]

    def _row(self, spell: RecordedSpell) -> dict[str, Any]:
        return {
            "episode": self.of,
            "reading": self.name.partition("/")[2],
            "measure": MEASURES[spell.measure],
            "start": spell.start.isoformat(),
            "end": spell.end.isoformat(),
            "days": spell.duration_days,
            "weeks": spell.duration_weeks,
            "ended": spell.cause != TruceEnd.CENSORED,
            **side_of(self.game, spell),
            "renewals": spell.renewals,
            "certainty": self._certainty(spell),
        }

    def _certainty(self, spell: RecordedSpell) -> str:
        """``sourced`` if the rows that begin and end the truce are, else ``general knowledge``."""
        days = {spell.start} | ({spell.end} if spell.cause != TruceEnd.CENSORED else set())
        deciding = [
            row.certainty
            for row in self.record.rows
            if row.date in days and row.move in ("SUSPEND", "ESCALATE") and not row.not_represented
        ]
        return "general knowledge" if "general_knowledge" in deciding else "sourced"


def side_of(game: Game, spell: RecordedSpell) -> dict[str, Any]:
    """What ended a recorded truce, who, with which lever, and whether an agency did."""
    has_lever = spell.player >= 0 and spell.lever >= 0
    return {
        "cause": CAUSES[spell.cause],
        "player": game.players[spell.player] if spell.player >= 0 else None,
        "lever": game.lever_names[spell.player][spell.lever] if has_lever else None,
        "agency": spell.agency,
    }


def _order(spell: RecordedSpell) -> tuple[int, dt.date]:
    return spell.measure, spell.start


def replay_episodes(names: list[str], changes: dict[str, Any] | None = None) -> list[Episode]:
    """Episodes and their other readings, replayed under the same changes.

    Parameters
    ----------
    names : list of str
        Episodes, or single readings (``us_eu_2018/cars_only``); none: all that are shipped.
    changes : dict, optional
        As for `load_scenario`, for each of them. A recorded move that changed rules do not allow
        is skipped and counted; without changes it is refused.

    Raises
    ------
    InputError
        If there is no such episode, or a change is none of every episode.
    """
    known = shipped_episodes()
    for name in names:
        if name not in known:
            raise InputError("episodes", name, suggest(name, known))
    chosen = [
        name
        for name in known
        if not names or name in names or (name.partition("/")[0] in names and "/" in name)
    ]
    return [replay_episode(name, changes or {}) for name in chosen]


def replay_episode(
    name: str, changes: dict[str, Any], alter: Callable[[Record], Record] | None = None
) -> Episode:
    """One episode or reading, replayed under changes; `alter` rewrites its record before."""
    scenario = load_scenario(name, changes)
    record = own_record(scenario, "an episode has one")
    record = alter(record) if alter else record
    game = build_game(scenario)
    return Episode(name, game, record, replay_record(game, record, skip_illegal=bool(changes)))
