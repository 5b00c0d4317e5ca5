"""The data that the script of the site draws, and the tables of the year."""

import datetime as dt
from typing import Any

import pandas as pd

from negotiation_abm.files import words
from negotiation_abm.plotting.site.content import Content, source_text
from negotiation_abm.replay.story import Event
from negotiation_abm.survival import DAYS
from negotiation_abm.survival.words import plain_rows

EPOCH = dt.date(1970, 1, 1).toordinal()


def data_of(content: Content) -> dict[str, Any]:
    """What the script of the page draws."""
    truces = content.truces[content.truces["in_class"]]
    return {
        "after": {str(days): words.after(days) for days in DAYS},
        "simulated": _rounded(content.answer.curve),
        "recorded": _rounded(content.recorded[["measure", "week", "survival", "lower", "upper"]]),
        "truces": [
            {
                "measure": row["measure"],
                "days": int(row["days"]),
                "ended": bool(row["ended"]),
                "name": f"{episode_text(row['episode'])}, {row['start']}",
            }
            for row in truces.to_dict(orient="records")
        ],
        "sliders": [
            {
                "name": slider.name,
                "usual": slider.usual,
                "choices": [choice.text for choice in slider.choices],
            }
            for slider in content.sliders
        ],
        "grid": _rounded(content.grid),
        "tariffs": _tariffs(content),
    }


def _tariffs(content: Content) -> dict[str, Any]:
    """Announced tariffs of the year as steps, truces, and months; days count from 1970."""
    replay = content.story.summary
    first, last = _day(replay["start"]), _day(replay["until"]) + 1
    players = replay["players"]
    sides = [
        {
            "name": f"{words.player(player)} on {words.player(players[1 - number])}",
            "steps": [
                [first, replay["tariffs_at_start"][player]],
                *([_day(step["date"]), step["pp"]] for step in replay["tariffs"][player]),
            ],
        }
        for number, player in enumerate(players)
    ]
    months = pd.date_range(replay["start"], replay["until"], freq="MS")
    return {
        "first": first,
        "last": last,
        "sides": sides,
        "truces": [
            [_day(spell["start"]), _day(spell["end"])]
            for spell in replay["spells"]
            if spell["measure"] == "covered"
        ],
        "months": [[_day(month.date().isoformat()), month.strftime("%b")] for month in months],
    }


def tariff_table(content: Content) -> pd.DataFrame:
    """The steps of announced tariffs: date, side, percentage points."""
    replay = content.story.summary
    return pd.DataFrame(
        [
            {"date": step["date"], "side": words.player(player), "points": step["pp"]}
            for player, steps in replay["tariffs"].items()
            for step in steps
        ]
    )


def event_table(content: Content) -> pd.DataFrame:
    """The events of the year: date, side, what, chance, statement, sources."""
    return pd.DataFrame(
        [
            {
                "date": event.date.isoformat(),
                "side": side_of(event),
                "what": words.move(event.move) if event.move else "",
                "chance": event.probability,
                "statement": event.rows[0].statement,
                "sources": source_text(event),
            }
            for event in content.events
        ]
    )


def side_of(event: Event) -> str:
    """Whose an event is, before what was done."""
    return "Both sides:" if event.player == "both" else words.player(event.player)


def episode_text(name: str) -> str:
    """An episode in words.

    >>> episode_text("us_china_2018"), episode_text("japan_korea_2019")
    ('US and China, 2018', 'Japan and Korea, 2019')
    """
    *sides, year = name.split("_")
    said = [side.upper() if len(side) == 2 else side.title() for side in sides]
    return f"{' and '.join(said)}, {year}"


def _rounded(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return plain_rows(frame.round(4))


def _day(text: str) -> int:
    return dt.date.fromisoformat(text).toordinal() - EPOCH
