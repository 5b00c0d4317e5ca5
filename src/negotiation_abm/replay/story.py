"""A recorded sequence as it is told: week by week, what was done, and what is known of it."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from negotiation_abm.files.resources import shipped
from negotiation_abm.files.yaml_text import read_yaml
from negotiation_abm.record.facts import load_facts
from negotiation_abm.record.load import Record, Row, own_record
from negotiation_abm.replay.replay import replay_record
from negotiation_abm.replay.step import replay_summary
from negotiation_abm.scenario.game import Game, build_game
from negotiation_abm.scenario.load import load_scenario

SCENARIOS = ("baseline_2025", "mechanisms_2025")


@dataclass(frozen=True)
class Event:
    """Something of the record: a decision with its further rows, a meeting, or a note.

    Attributes
    ----------
    id : str
        Of its first row.
    move : str
        Such as ``ESCALATE chips`` or ``ROUND``; empty for a row that is no move of the game.
    probability, type_probability : float or None
        What the rules gave to the move with its lever, and on any lever.
    rows : tuple of Row
    """

    id: str
    turn: int
    date: dt.date
    player: str
    move: str
    probability: float | None
    type_probability: float | None
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Story:
    """A replay with its events; nothing in it changes."""

    game: Game
    record: Record
    summary: dict[str, Any]
    events: tuple[Event, ...]

    @property
    def weeks(self) -> list[dict[str, Any]]:
        """State at the end of each week."""
        weekly: list[dict[str, Any]] = self.summary["weekly"]
        return weekly

    def of_week(self, turn: int) -> list[Event]:
        """Events of one week."""
        return [event for event in self.events if event.turn == turn]

    @property
    def telling_week(self) -> int:
        """The week in which most moves were made, the first of several."""
        moves = [event.turn for event in self.events if event.probability is not None]
        return max(sorted(set(moves)), key=moves.count, default=0)

    def event(self, name: str) -> Event | None:
        """The event that holds a row of that id."""
        for event in self.events:
            if name == event.id or any(row.id == name for row in event.rows):
                return event
        return None


@lru_cache(maxsize=4)
def load_story(scenario: str) -> Story:
    """The replay of a shipped scenario and its events.

    Raises
    ------
    InputError
        If the scenario has no record, or the record does not fit it.
    """
    game = build_game(load_scenario(scenario))
    record = own_record(game.scenario, "the page needs one to replay")
    summary = replay_summary(replay_record(game, record))
    return Story(game, record, summary, tuple(_events(game, record, summary)))


def _events(game: Game, record: Record, summary: dict[str, Any]) -> list[Event]:
    rows = {row.id: row for row in record.rows}
    found, taken = [], set()
    for item in summary["decisions_not_hold"]:
        parts = tuple(rows[name] for name in item["rows"])
        taken |= set(item["rows"])
        found.append(
            Event(
                parts[0].id,
                item["turn"],
                dt.date.fromisoformat(item["date"]),
                item["player"],
                item["move"],
                item["probability"],
                item["type_probability"],
                parts,
            )
        )
    for row in record.rows:
        if row.id in taken or row.date < game.scenario.start:
            continue
        turn = game.scenario.turn_of(row.date)
        if turn < len(summary["weekly"]):
            move = " ".join(filter(None, (row.move, row.lever))) if not row.not_represented else ""
            found.append(Event(row.id, turn, row.date, row.player, move, None, None, (row,)))
    return sorted(found, key=lambda event: (event.turn, event.date))


@lru_cache(maxsize=1)
def facts_by_date() -> dict[str, list[dict[str, Any]]]:
    """Facts of each day (``YYYY-MM-DD``)."""
    by_date: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for fact in load_facts().values():
        by_date[str(fact["date"])].append(fact)
    return dict(by_date)


@lru_cache(maxsize=1)
def source_titles() -> dict[str, str]:
    """What each source is, in words, by id."""
    data = read_yaml(shipped("seeds", ".yaml")["sources"])
    titles = {}
    for entry in data.get("sources", ()):
        who = entry["publisher"] or "publisher not stated"
        when = entry["date"] or "undated"
        titles[str(entry["id"])] = f"{entry['kind']}, {who}, {when}"
    for entry in data.get("outside", ()):
        titles[str(entry["id"])] = str(entry["name"])
    return titles


def sources_of(text: str) -> list[str]:
    """The sources that a row or a fact names, in words."""
    titles = source_titles()
    names = [part.strip() for part in text.split(";") if part.strip()]
    return [titles.get(name.replace(" ", "_").lower(), titles.get(name, name)) for name in names]
