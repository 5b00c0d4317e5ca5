"""The parts of the site as HTML."""

import json
import re
from collections.abc import Iterable
from importlib import resources
from string import Template
from typing import Any

import pandas as pd

from negotiation_abm.files import words
from negotiation_abm.files.words import escape
from negotiation_abm.plotting.site.content import Content, source_text
from negotiation_abm.plotting.site.data import data_of, episode_text, side_of
from negotiation_abm.replay.story import Event
from negotiation_abm.run import range_words
from negotiation_abm.survival import DAYS


def page(content: Content, made: dict[str, str]) -> str:
    """The whole page.

    Parameters
    ----------
    made : dict of str
        Lines of its provenance.
    """
    posterior, scenario = content.answer.summary(), content.game.scenario
    answers = [
        range_words.first_sentence(posterior),
        range_words.ends_sentence(posterior),
        range_words.wide_sentence(posterior),
    ]
    fields = {
        "title": escape(scenario.title or scenario.name),
        "question": "How long does the truce last, what ends it, and what would make it last?",
        "about": escape(f"{scenario.title}. {scenario.description}"),
        "answer": "".join(f"<p>{escape(text)}</p>" for text in answers if text),
        "answer_table": answer_table(posterior),
        "made_of": escape(range_words.made_of(posterior, content.game.parameter_set.name)),
        "lasts": escape(_lasts(content)),
        "measures": "".join(
            f'<option value="{name}">{escape(text)}</option>'
            for name, text in words.MEASURE_TITLES.items()
        ),
        "truces": truce_table(content.truces),
        "sliders": "".join(_slider(slider) for slider in content.sliders),
        "whatifs": whatif_table(content.whatifs),
        "forecasts_text": escape(_forecasts_text(content)),
        "forecasts": forecast_table(content.forecasts),
        "year_text": escape(_year_text(content)),
        "events": f'<ol class="events">{"".join(map(_event, content.events))}</ol>',
        "made": table(("what", "how"), made.items()),
        "style": _file("style.css"),
        "script": _file("site.js"),
        "data": as_json(data_of(content)),
    }
    return Template(_file("page.html")).substitute(fields)


def _file(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def as_json(data: Any) -> str:
    """Data inside a page: nothing in it can end the element that holds it."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("&", "\\u0026")


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A table of plain text; on a narrow screen a row stands as a list, each cell by its head."""
    titles = list(head)
    top = "".join(f"<th>{escape(text)}</th>" for text in titles)
    body = "".join(
        "<tr>"
        + "".join(_cell(title, cell) for title, cell in zip(titles, row, strict=True))
        + "</tr>"
        for row in rows
    )
    return f'<div class="wide"><table><tr>{top}</tr>{body}</table></div>'


def _cell(title: str, cell: object) -> str:
    is_number = not re.search("[A-Za-z]", str(cell).replace(" to ", ""))  # or a date, or a range
    look = ' class="number"' if is_number else ""
    return f'<td{look} data-head="{escape(title)}">{escape(cell)}</td>'


def answer_table(posterior: dict[str, Any]) -> str:
    """Shares still in force after 90, 180 and 365 days, with their ranges."""
    head = [words.STILL, *(f"after {words.after(days)}" for days in DAYS)]
    rows = [
        [f"counted by {measure}", *map(range_words.estimate, by_days.values())]
        for measure, by_days in range_words.rows(posterior)
    ]
    return table(head, rows)


def truce_table(truces: pd.DataFrame) -> str:
    """The recorded truces of the main readings, by agreed measures."""
    own = truces[(truces["measure"] == "covered") & truces["reading"].eq("")]
    rows = []
    for row in own.to_dict(orient="records"):
        by = (
            f": {words.lever(row['player'] + '.' + row['lever'])}" if _is_text(row["lever"]) else ""
        )
        how = words.CAUSES_SHORT.get(row["cause"], row["cause"].replace("_", " "))
        ended = f"{how}{by}" if row["ended"] else words.STILL
        length = f"{row['days']}{'' if row['ended'] else '+'}"
        rows.append([episode_text(row["episode"]), row["start"], row["end"], length, ended])
    return table(("dispute", "from", "to", "days", "how it ended"), rows)


def whatif_table(whatifs: pd.DataFrame) -> str:
    """Each shipped what-if at the longest time that it tells, by agreed measures."""
    rows = []
    for (question, date), part in whatifs.groupby(["question", "from"], sort=False):
        own = part[(part["measure"] == "covered") & part["days"].notna()]
        if own.empty or "share" in own:
            rows.append([question, date, "no truce in force then", "", ""])
            continue
        row = own.sort_values("days").iloc[-1]
        sides = [
            range_words.estimate([row[side], row[f"{side}_low"], row[f"{side}_high"]])
            for side in ("factual", "altered")
        ]
        gap = [range_words.points(row[f"difference{end}"]) for end in ("", "_low", "_high")]
        rows.append([question, date, *sides, "{} ({} to {})".format(*gap)])
    head = (
        "what if",
        "from",
        f"{words.STILL} a year later, {words.ARMS['factual']}",
        words.ARMS["altered"],
        "difference, points",
    )
    return table(head, rows)


def forecast_table(forecasts: pd.DataFrame) -> str:
    """Chance by date, what happened, and the score."""
    rows = []
    for row in forecasts.to_dict(orient="records"):
        came = {True: words.STILL, False: "had ended"}.get(row["outcome"], "not known yet")
        score = f"{row['brier']:.2f}" if _is_number(row["brier"]) else ""
        chance = range_words.estimate([row["share"], row["low"], row["high"]])
        rows.append([row["date"], words.MEASURES[row["measure"]], chance, came, score])
    head = ("on", "counted by", f"chance to be {words.STILL}", "what happened", "Brier score")
    return table(head, rows)


def _event(event: Event) -> str:
    side = {"US": "side0", "CHINA": "side1"}.get(event.player, "")
    what = words.move(event.move) if event.move else ""
    chance = (
        f" Chance that the model gave to this move: {words.percent(event.probability)}."
        if event.probability is not None
        else ""
    )
    return (
        f'<li class="{side}"><time datetime="{event.date}">{event.date:%-d %B %Y}</time>'
        f"<p><strong>{escape(' '.join([side_of(event), what]).strip(' :'))}.</strong> "
        f"{escape(event.rows[0].statement + chance)}</p>"
        f'<p class="source">Source: {escape(source_text(event))}</p></li>'
    )


def _slider(slider: Any) -> str:
    last, usual = len(slider.choices) - 1, slider.usual
    place, name = escape(slider.name), escape(slider.text)
    return (
        f'<label>{name}<input type="range" id="slider-{place}" min="0" max="{last}" step="1" '
        f'value="{usual}"><output id="value-{place}" for="slider-{place}">'
        f"{escape(slider.choices[usual].text)}</output></label>"
    )


def _lasts(content: Content) -> str:
    own = content.recorded[content.recorded["measure"] == "covered"]
    below = own[own["survival"] <= 0.5]
    middle = f"about {int(below.iloc[0]['week']) * 7} days" if len(below) else "longer than seen"
    truces = content.truces[content.truces["in_class"] & content.truces["measure"].eq("covered")]
    return (
        f"Half of {len(truces)} recorded truces in {truces['episode'].nunique()} disputes had "
        f"ended after {middle}. The band of the recorded curve is its 95 % interval, clustered by "
        "dispute; the band of the simulated one is the middle 90 % of the posterior draws."
    )


def _forecasts_text(content: Content) -> str:
    known = content.forecasts[content.forecasts["brier"].notna()]
    said = (
        f"Of {len(content.forecasts)} statements {len(known)} can be scored by now; their mean "
        f"Brier score is {known['brier'].mean():.2f} (0 is perfect, 0.25 is what one half always "
        "scores)."
        if len(known)
        else "None of the statements can be scored by now."
    )
    return (
        "The chance that the truce is in force on a date, from the day it began, beside what the "
        f"records say. {said} Where the parameters were fitted to records of the same time, the "
        "score says how well they fit and not how well they predict."
    )


def _year_text(content: Content) -> str:
    replay = content.story.summary
    spells = [s for s in replay["spells"] if s["measure"] == "covered"]
    return (
        f"From {replay['start']} to {replay['until']} the record holds {len(content.events)} "
        f"events and {words.counted(len(spells), 'truce')} by agreed measures. Each "
        "event has its source, and each move the chance that the model gave to it before it was "
        "made."
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _is_number(value: Any) -> bool:
    return value is not None and value == value
