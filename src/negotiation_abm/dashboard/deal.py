"""The truce itself as the page lets one alter it: its date, its terms, the pledge to purchase."""

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from negotiation_abm.dashboard import permalink
from negotiation_abm.replay.story import load_story
from negotiation_abm.scenario.load import load_scenario

EVENTS = "modules.shocks.events"
PLEDGED = "busan_2025"  # whose pledges to buy soybeans are taken
ENDS = (4, 9, 13, 26, 39, 78)  # weeks after the branch
TERMS = (13, 26, 104)  # weeks of a truce that leaders agree
TERMS_TEXT = {13: "three months", 26: "half a year", 104: "two years"}
COVERS: dict[str, dict[str, list[str]]] = {
    "tariffs": {"US": ["market_access"], "CHINA": ["market_access"]},
    "chips": {
        "US": ["market_access", "chips", "entity_lists", "port_fees"],
        "CHINA": ["rare_earths", "soybeans", "market_access", "entity_lists", "port_fees"],
    },
}
COVERS_TEXT = {"tariffs": "tariffs only", "chips": "as in Busan, and chip controls"}
PLEDGES = {"kept": 0.95, "half": 0.5, "broken": 0.0}  # share that China delivers
PLEDGES_TEXT = {
    "kept": "in the game, kept nearly in full",
    "half": "in the game, half of it bought",
    "broken": "in the game, nothing bought",
}


@dataclass(frozen=True)
class Deal:
    """What is altered of the truce.

    Attributes
    ----------
    ends : int
        The truce in force at the branch ends so many weeks after it; 0: at its own date.
    term : int
        Weeks of a truce that leaders agree after the branch; 0: as in the scenario.
    covers : str
        What such a truce covers, one of `COVERS`; empty: as in the scenario.
    pledge : str
        How far China keeps its pledge to buy soybeans, one of `PLEDGES`; empty: no pledge.
    """

    ends: int = 0
    term: int = 0
    covers: str = ""
    pledge: str = ""

    def changes(self, scenario: str, date: dt.date) -> dict[str, Any]:
        """Changes of the scenario by dotted name, as ``--set`` takes them."""
        found: dict[str, Any] = {}
        if self.ends:
            event = {"quantity": "weeks_left", "date": str(date), "set": self.ends}
            found[EVENTS] = [*_shocks(scenario), event | {"note": "what if"}]
        if self.term:
            found["terms.summit.weeks"] = self.term
        if self.covers:
            found["terms.summit.covers"] = COVERS[self.covers]
        if self.pledge:
            found["modules.delivery.pledges"] = list(_pledges())
            found["diligence.CHINA"] = PLEDGES[self.pledge]
        return found


AS_RECORDED = Deal()


def fields() -> dict[str, permalink.Field]:
    """What the address holds of it."""

    def weeks(allowed: tuple[int, ...]) -> permalink.Field:
        inner = permalink.choice("0", map(str, (0, *allowed)))
        return permalink.Field(0, lambda text: int(inner.read(text)))

    return {
        "ends": weeks(ENDS),
        "term": weeks(TERMS),
        "covers": permalink.choice("", ["", *COVERS]),
        "pledge": permalink.choice("", ["", *PLEDGES]),
    }


def ends_of(scenario: str, date: dt.date) -> dict[int, str]:
    """Weeks after a date at which the truce in force then may end, with the date in words.

    Empty where no truce is in force.
    """
    story = load_story(scenario)
    turn = story.game.scenario.turn_of(date)
    if not turn or story.weeks[turn - 1]["phase"] != "TRUCE":
        return {}
    return {
        weeks: f"{story.game.scenario.date_of(turn + weeks):%-d %B %Y}, {weeks} weeks on"
        for weeks in ENDS
        if turn + weeks < story.game.scenario.horizon_weeks
    }


@lru_cache(maxsize=4)
def _shocks(scenario: str) -> tuple[dict[str, Any], ...]:
    """Events from outside that the scenario has already."""
    shocks = load_story(scenario).game.scenario.modules.shocks
    return tuple(shocks.model_dump(mode="json", exclude_none=True)["events"]) if shocks else ()


@lru_cache(maxsize=1)
def _pledges() -> tuple[dict[str, Any], ...]:
    delivery = load_scenario(PLEDGED).modules.delivery
    assert delivery is not None
    return tuple(
        pledge.model_dump(mode="json", exclude_none=True)
        for pledge in delivery.pledges
        if pledge.lever == "soybeans"
    )
