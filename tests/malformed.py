"""Malformed files of every kind, each with what its error message must say.

`BAD` is the table. `write_bad` writes the file of a case and returns its path, so that the same
cases can be given to the functions of the package and to the command line.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from negotiation_abm.files.resources import root

SCENARIO, RECORD, PARAMETERS = "scenario", "record", "parameters"
SOURCES = {
    SCENARIO: "configs/baseline_2025.yaml",
    RECORD: "seeds/record_2025.csv",
    PARAMETERS: "configs/parameters/start_2025.yaml",
}
NAMES = {SCENARIO: "scenario.yaml", RECORD: "record.csv", PARAMETERS: "parameters.yaml"}

Edit = Callable[[str], str | bytes]


@dataclass(frozen=True)
class Bad:
    """One malformed file: how to make it from a good one, and fragments of its message.

    `replayed` marks a record that can be read and does not fit the scenario.
    """

    name: str
    kind: str
    edit: Edit
    fragments: tuple[str, ...]
    replayed: bool = False

    def __str__(self) -> str:
        return f"{self.kind}: {self.name}"


def good_text(kind: str) -> str:
    """Text of a file of this kind that has nothing wrong."""
    return (root() / SOURCES[kind]).read_text(encoding="utf-8")


def write_bad(case: Bad, folder: Path) -> Path:
    """Write the malformed file of a case; returns its path."""
    path = folder / NAMES[case.kind]
    made = case.edit(good_text(case.kind))
    path.write_bytes(made if isinstance(made, bytes) else made.encode())
    return path


# ---------------------------------------------------------------------------
# Edits. Places are dotted names; a number is an index of a list.


def _walk(data: Any, place: str) -> tuple[Any, Any]:
    *parents, last = [int(part) if part.isdigit() else part for part in place.split(".")]
    for part in parents:
        data = data[part]
    return data, last


def _yaml(change: Callable[[Any], None]) -> Edit:
    def edit(text: str) -> str:
        data = yaml.safe_load(text)
        change(data)
        return yaml.safe_dump(data, sort_keys=False, allow_unicode=True)

    return edit


def put(place: str, value: Any) -> Edit:
    """Set a value in a YAML file."""

    def change(data: Any) -> None:
        parent, last = _walk(data, place)
        parent[last] = value

    return _yaml(change)


def drop(place: str) -> Edit:
    """Take an entry out of a YAML file."""

    def change(data: Any) -> None:
        parent, last = _walk(data, place)
        del parent[last]

    return _yaml(change)


def rename(place: str, name: str) -> Edit:
    """Give an entry of a YAML file another name."""

    def change(data: Any) -> None:
        parent, last = _walk(data, place)
        parent[name] = parent.pop(last)

    return _yaml(change)


def replace(old: str, new: str) -> Edit:
    """Replace the first occurrence of a text."""

    def edit(text: str) -> str:
        assert old in text, old
        return text.replace(old, new, 1)

    return edit


def whole(content: str | bytes) -> Edit:
    """Replace all of the file."""
    return lambda text: content


COLUMNS = "id,date,player,move,lever,level,loaded,lead_weeks,expires,decision,counted"


def rows(*lines: str, columns: str = COLUMNS) -> Edit:
    """A record of these rows."""
    return whole("\n".join([columns, *lines]) + "\n")


# ---------------------------------------------------------------------------
# The table.

_US_LEVERS = ("US.market_access, US.chips",)
_SHOCK = {"date": "2025-03-03", "lever": "US.chips", "level": 0.5}
_SCRIPTED = {"date": "2025-03-03", "player": "US", "move": "ESCALATE", "lever": "chips"}
_TRUCE = {"began": "2025-01-01"}
_SEVEN = {
    f"lever_{n}": {"weight": 1, "irreplaceability": 1, "step": 0.1, "domain": "x"} for n in range(7)
}
_NINE_DOMAINS = {
    player: {
        f"lever_{n}": {"weight": 1, "irreplaceability": 1, "step": 0.1, "domain": f"{player}{n}"}
        for n in range(6)
    }
    for player in ("US", "CHINA")
}

BAD: list[Bad] = [
    # the file itself
    Bad("empty file", SCENARIO, whole(""), ("top level", "expected a mapping")),
    Bad("a list", SCENARIO, whole("- a\n- b\n"), ("top level", "expected a mapping")),
    Bad("not UTF-8", SCENARIO, whole(b"name: \xff\n"), ("byte 6", "not UTF-8")),
    Bad("not YAML", SCENARIO, whole("a: [1, 2\nb: 3\n"), ("line 2", "not valid YAML")),
    Bad("tab", SCENARIO, whole("a:\n\tb: 1\n"), ("line 2", "not valid YAML", "'\\t'")),
    Bad(
        "key given twice",
        SCENARIO,
        lambda text: text + "name: again\n",
        ("line ", "'name' is given twice"),
    ),
    Bad(
        "date that does not exist",
        SCENARIO,
        replace("2025-01-20", "2025-13-45"),
        ("start",),
    ),
    Bad(
        "key that is a list",
        SCENARIO,
        whole("? [a, b]\n: 1\n"),
        ("line 1",),
    ),
    # names and values of a scenario
    Bad(
        "unknown name at the top",
        SCENARIO,
        put("horizon_week", 52),
        ("horizon_week: unknown", "did you mean 'horizon_weeks'?"),
    ),
    Bad(
        "required name misspelt",
        SCENARIO,
        rename("horizon_weeks", "horizon_week"),
        ("horizon_week: unknown", "did you mean 'horizon_weeks'?"),
    ),
    Bad(
        "unknown number of a lever",
        SCENARIO,
        put("levers.US.chips.wieght", 1),
        ("levers.US.chips.wieght: unknown", "did you mean 'weight'?"),
    ),
    Bad("missing start", SCENARIO, drop("start"), ("start: missing",)),
    Bad(
        "missing domain",
        SCENARIO,
        drop("levers.US.chips.domain"),
        ("levers.US.chips.domain: missing",),
    ),
    Bad("text for a date", SCENARIO, put("start", "spring"), ("start: 'spring'", "date")),
    Bad("no weeks", SCENARIO, put("horizon_weeks", 0), ("horizon_weeks: 0", "equal to 1")),
    Bad(
        "part of a week",
        SCENARIO,
        put("horizon_weeks", 104.5),
        ("horizon_weeks: 104.5", "valid integer"),
    ),
    Bad(
        "yes for a number of weeks",
        SCENARIO,
        put("horizon_weeks", True),
        ("horizon_weeks: True",),
    ),
    Bad(
        "dates after the calendar's end",
        SCENARIO,
        put("start", "9999-06-01"),
        ("start",),
    ),
    Bad(
        "negative weight",
        SCENARIO,
        put("levers.US.chips.weight", -1),
        ("levers.US.chips.weight: -1", "greater than or equal to 0"),
    ),
    Bad(
        "share in percent",
        SCENARIO,
        put("levers.CHINA.rare_earths.irreplaceability", 95),
        ("levers.CHINA.rare_earths.irreplaceability: 95", "less than or equal to 1"),
    ),
    Bad(
        "infinite weight",
        SCENARIO,
        put("levers.US.chips.weight", float("inf")),
        ("levers.US.chips.weight: inf", "finite"),
    ),
    Bad(
        "start above cap",
        SCENARIO,
        put("levers.US.chips.cap", 0.35),
        ("levers.US.chips.start", "0.4 in force", "cap 0.35"),
    ),
    Bad(
        "floor above start",
        SCENARIO,
        put("levers.US.chips.floor", 0.5),
        ("levers.US.chips.floor", "0.5 is above the start level 0.4"),
    ),
    Bad("no levers", SCENARIO, put("levers.US", {}), ("levers.US", "0 levers", "1 to 6")),
    Bad("seven levers", SCENARIO, put("levers.US", _SEVEN), ("levers.US", "7 levers", "1 to 6")),
    Bad("twelve domains", SCENARIO, put("levers", _NINE_DOMAINS), ("levers: 12 domains", "8")),
    Bad(
        "dot in a lever's name",
        SCENARIO,
        rename("levers.US.chips", "chips.ai"),
        ("levers.US.chips.ai", "dot"),
    ),
    # players and strategies
    Bad(
        "one player twice",
        SCENARIO,
        put("players", ["US", "US"]),
        ("players: ['US', 'US']", "two different labels"),
    ),
    Bad("three players", SCENARIO, put("players", ["US", "CHINA", "EU"]), ("players", "at most 2")),
    Bad(
        "levers of a stranger",
        SCENARIO,
        rename("levers.CHINA", "CHNA"),
        ("levers.CHNA: unknown player", "did you mean 'CHINA'?"),
    ),
    Bad("player without levers", SCENARIO, drop("levers.CHINA"), ("levers.CHINA: missing",)),
    Bad(
        "unknown strategy",
        SCENARIO,
        put("strategies.US", "logitt"),
        ("strategies.US: unknown strategy 'logitt'", "did you mean 'logit'?"),
    ),
    Bad(
        "plays as a stranger",
        SCENARIO,
        put("plays_as", {"US": "CHNA"}),
        ("plays_as.US: 'CHNA'", "did you mean 'CHINA'?"),
    ),
    # terms, calendar, events
    Bad(
        "unknown terms",
        SCENARIO,
        rename("terms.summit", "sumit"),
        ("terms.sumit: unknown", "did you mean 'summit'?"),
    ),
    Bad("terms missing", SCENARIO, drop("terms.round"), ("terms.round: missing",)),
    Bad(
        "unknown lever covered",
        SCENARIO,
        put("terms.round.covers.US", ["market_acess"]),
        ("terms.round.covers.US: 'US.market_acess'", "did you mean 'US.market_access'?"),
    ),
    Bad(
        "summit outside the horizon",
        SCENARIO,
        put("calendar.summits.0.date", "2030-01-01"),
        ("calendar.summits.0.date: 2030-01-01", "allowed: 2025-01-20 to 2027-01-17"),
    ),
    Bad(
        "announced too late",
        SCENARIO,
        put("calendar.summits.0.announced", "2025-12-01"),
        ("calendar.summits.0.announced: 2025-12-01", "after its date"),
    ),
    Bad(
        "thirteenth month",
        SCENARIO,
        put("calendar.seasons.0.months", [9, 13]),
        ("calendar.seasons.0.months: 13", "1 to 12"),
    ),
    Bad(
        "season of an unknown lever",
        SCENARIO,
        put("calendar.seasons.0.lever", "CHINA.soybean"),
        ("calendar.seasons.0.lever: 'CHINA.soybean'", "did you mean 'CHINA.soybeans'?"),
    ),
    Bad(
        "truce that begins later",
        SCENARIO,
        put("truce", _TRUCE | {"began": "2025-02-01"}),
        ("truce.began: 2025-02-01", "after the start 2025-01-20"),
    ),
    Bad(
        "truce that is over",
        SCENARIO,
        put("truce", _TRUCE | {"expires": "2025-01-19"}),
        ("truce.expires: 2025-01-19", "before the start 2025-01-20"),
    ),
    Bad(
        "truce of unknown terms",
        SCENARIO,
        put("truce", _TRUCE | {"terms": "sumit"}),
        ("truce.terms: 'sumit'", "round|summit"),
    ),
    Bad(
        "event on an unknown lever",
        SCENARIO,
        put("shocks", [_SHOCK | {"lever": "US.chip"}]),
        ("shocks.0.lever: 'US.chip'", "did you mean 'US.chips'?"),
    ),
    Bad(
        "event above full use",
        SCENARIO,
        put("shocks", [_SHOCK | {"level": 1.5}]),
        ("shocks.0.level: 1.5", "less than or equal to 1"),
    ),
    Bad(
        "unknown move in a script",
        SCENARIO,
        put("script", [_SCRIPTED | {"move": "ESCLATE"}]),
        ("script.0.move: 'ESCLATE'", "ESCALATE"),
    ),
    Bad(
        "script without a lever",
        SCENARIO,
        put("script", [_SCRIPTED | {"lever": None}]),
        ("script.0.lever", *_US_LEVERS),
    ),
    Bad(
        "lever of an offer",
        SCENARIO,
        put("script", [_SCRIPTED | {"move": "SUSPEND"}]),
        ("script.0.lever: SUSPEND has no lever",),
    ),
    Bad(
        "script of a stranger",
        SCENARIO,
        put("script", [_SCRIPTED | {"player": "USA"}]),
        ("script.0.player: unknown player 'USA'", "did you mean 'US'?"),
    ),
    # values set over the parameter set
    Bad(
        "unknown parameter set over",
        SCENARIO,
        put("set", {"fatige": 1}),
        ("set.fatige: unknown parameter", "did you mean 'fatigue'?"),
    ),
    Bad(
        "parameter out of bounds",
        SCENARIO,
        put("set", {"fatigue": 51}),
        ("set.fatigue: 51", "-50 to 50", "nats"),
    ),
    Bad(
        "parameter not a number", SCENARIO, put("set", {"fatigue": float("nan")}), ("nan", "finite")
    ),
    Bad(
        "text that looks like a number",
        SCENARIO,
        put("set", {"fatigue": "5"}),
        ("set.fatigue",),
    ),
    Bad(
        "part of a week for a parameter",
        SCENARIO,
        put("set", {"offer_weeks": 1.5}),
        ("set.offer_weeks: 1.5", "whole number of weeks"),
    ),
    Bad(
        "part that a scalar does not have",
        SCENARIO,
        put("set", {"fatigue.US": 1}),
        ("set.fatigue.US", "no such part"),
    ),
    Bad(
        "parameter of a stranger",
        SCENARIO,
        put("set", {"initiative.CHNA": 1}),
        ("set.initiative.CHNA: unknown player", "did you mean 'CHINA'?"),
    ),
    Bad(
        "one number for three",
        SCENARIO,
        put("set", {"lead_weeks": 3}),
        ("set.lead_weeks", "cannot be set by one number"),
    ),
    # files that a scenario names
    Bad(
        "scenario that extends itself",
        SCENARIO,
        put("extends", "scenario.yaml"),
        ("extends", "scenario.yaml extends this file again"),
    ),
    Bad(
        "unknown base",
        SCENARIO,
        put("extends", "basline_2025"),
        ("basline_2025", "did you mean 'baseline_2025'?"),
    ),
    Bad(
        "unknown parameter set",
        SCENARIO,
        put("parameters", "start_2024"),
        ("start_2024", "did you mean 'start_2025'?"),
    ),
    # parameter sets
    Bad(
        "set of another version",
        PARAMETERS,
        put("model_version", 2),
        ("model_version: 2", "version of these rules, 1"),
    ),
    Bad(
        "unknown parameter",
        PARAMETERS,
        rename("parameters.fatigue", "fatige"),
        ("parameters.fatige: unknown", "did you mean 'fatigue'?"),
    ),
    Bad(
        "parameter missing",
        PARAMETERS,
        drop("parameters.fatigue"),
        ("parameters.fatigue: missing",),
    ),
    Bad(
        "value without a source",
        PARAMETERS,
        drop("parameters.fatigue.source"),
        ("parameters.fatigue.source: missing",),
    ),
    Bad(
        "value out of bounds",
        PARAMETERS,
        put("parameters.anger_memory.value", 1.5),
        ("parameters.anger_memory: 1.5", "0 to 1"),
    ),
    Bad(
        "yes for a value",
        PARAMETERS,
        put("parameters.fatigue.value", True),
        ("parameters.fatigue: True is not a number",),
    ),
    Bad(
        "part of a week in a set",
        PARAMETERS,
        put("parameters.lead_weeks.value", [1, 3, 6.5]),
        ("parameters.lead_weeks: 6.5", "whole number"),
    ),
    Bad(
        "probabilities that do not sum to 1",
        PARAMETERS,
        put("parameters.step_probability.value", [0.5, 0.5, 0.5]),
        ("parameters.step_probability", "[0.5, 0.5, 0.5] does not sum to 1"),
    ),
    Bad(
        "two probabilities",
        PARAMETERS,
        put("parameters.step_probability.value", [0.5, 0.5]),
        ("parameters.step_probability: [0.5, 0.5]", "three numbers"),
    ),
    Bad(
        "value of a stranger",
        PARAMETERS,
        put("parameters.initiative.value.CHNA", 1),
        ("parameters.initiative.CHNA: unknown", "did you mean 'CHINA'?"),
    ),
    Bad(
        "value of one player only",
        PARAMETERS,
        drop("parameters.initiative.value.CHINA"),
        ("parameters.initiative.CHINA: missing",),
    ),
    Bad(
        "unknown entry",
        PARAMETERS,
        put("parameter", 1),
        ("parameter: unknown", "did you mean 'parameters'?"),
    ),
    Bad(
        "number for the players",
        PARAMETERS,
        put("players", 5),
        ("players",),
    ),
    # records
    Bad("empty record", RECORD, whole(""), ("line 1: column 'id' is missing",)),
    Bad("record without rows", RECORD, rows(), ("no rows",)),
    Bad(
        "unknown column",
        RECORD,
        replace("lead_weeks", "lead_week"),
        ("line 1: unknown column 'lead_week'", "did you mean 'lead_weeks'?"),
    ),
    Bad(
        "column twice",
        RECORD,
        replace("rate_pp", "level"),
        ("line 1: column 'level' is given twice",),
    ),
    Bad("short row", RECORD, rows("a,2025-02-03,US"), ("line 2", "not as many fields")),
    Bad(
        "quote in a field",
        RECORD,
        rows('a,2025-02-03,"US"x,ESCALATE,chips,,,,,,'),
        ("line 2", "not valid CSV"),
    ),
    Bad(
        "day that does not exist",
        RECORD,
        rows("a,2025-02-30,US,ESCALATE,chips,.5,,,,,"),
        ("line 2, date: '2025-02-30'", "YYYY-MM-DD"),
    ),
    Bad(
        "misspelt move",
        RECORD,
        rows("a,2025-02-03,US,ESCLATE,chips,.5,,,,,"),
        ("line 2, move: 'ESCLATE'", "did you mean 'ESCALATE'?"),
    ),
    Bad(
        "level above 1",
        RECORD,
        rows("a,2025-02-03,US,ESCALATE,chips,1.5,,,,,"),
        ("line 2, level: '1.5'", "a number from 0 to 1"),
    ),
    Bad(
        "level that is no number",
        RECORD,
        rows("a,2025-02-03,US,ESCALATE,chips,nan,,,,,"),
        ("line 2, level: 'nan'", "a number from 0 to 1"),
    ),
    Bad(
        "flag in words",
        RECORD,
        rows("a,2025-02-03,US,ESCALATE,chips,.5,,,,,yes"),
        ("line 2, counted: 'yes'", "1 or 0"),
    ),
    Bad(
        "rows out of order",
        RECORD,
        rows("a,2025-02-03,US,ESCALATE,chips,.5,,,,,", "b,2025-02-02,US,ESCALATE,chips,.6,,,,,"),
        ("line 3 (b), date: 2025-02-02", "2025-02-03", "by date"),
    ),
    Bad(
        "id twice",
        RECORD,
        rows("a,2025-02-03,US,ESCALATE,chips,.5,,,,,", "a,2025-02-03,US,ESCALATE,chips,.6,,,,,"),
        ("line 3, id: 'a'", "line 2 too"),
    ),
    Bad(
        "move without a lever",
        RECORD,
        rows("a,2025-02-03,US,ESCALATE,,,,,,,"),
        ("line 2 (a), lever: missing", "ESCALATE needs a lever"),
    ),
    Bad(
        "threat without a date",
        RECORD,
        rows("a,2025-02-03,US,THREATEN,chips,.1,,,,,"),
        ("line 2 (a), lead_weeks: missing",),
    ),
    Bad(
        "round of one side",
        RECORD,
        rows("a,2025-02-03,US,ROUND,,,,,,,"),
        ("line 2 (a), player: 'US'", "ROUND is of both"),
    ),
    Bad(
        "move of both",
        RECORD,
        rows("a,2025-02-03,both,ESCALATE,chips,.5,,,,,"),
        ("line 2 (a), player: both", "one player"),
    ),
    Bad(
        "more than full",
        RECORD,
        rows("a,2025-02-03,US,SUSPEND,chips,.6,.6,,,,"),
        ("line 2 (a), loaded: 0.6 in force and 0.6 loaded exceed 1",),
    ),
    Bad(
        "date of an escalation",
        RECORD,
        rows("a,2025-02-03,US,ESCALATE,chips,.5,,,2025-05-01,,"),
        ("line 2 (a), expires: 2025-05-01", "only a SUSPEND or a PROLONG has one"),
    ),
    Bad(
        "package of two sides",
        RECORD,
        rows("a,2025-02-03,US,SUSPEND,,,,,,d,", "b,2025-02-03,CHINA,SUSPEND,,,,,,d,"),
        ("line 3 (b), decision: 'd' belongs to US, not CHINA",),
    ),
    # records that do not fit the scenario
    Bad(
        "unknown player",
        RECORD,
        rows("a,2025-02-03,USA,ESCALATE,chips,.5,,,,,"),
        ("line 2 (a), player: unknown 'USA'", "did you mean 'US'?"),
        replayed=True,
    ),
    Bad(
        "unknown lever",
        RECORD,
        rows("a,2025-02-03,US,ESCALATE,chip,.5,,,,,"),
        ("line 2 (a), lever: unknown lever 'chip' of US", "did you mean 'chips'?"),
        replayed=True,
    ),
    Bad(
        "after the horizon",
        RECORD,
        rows("a,2027-02-01,US,ESCALATE,chips,.5,,,,,"),
        ("line 2 (a), date: 2027-02-01", "baseline_2025", "to 2027-01-17"),
        replayed=True,
    ),
    Bad(
        "level below the floor",
        RECORD,
        rows("a,2025-02-03,US,CONCEDE,chips,.1,,,,,"),
        ("line 2 (a), level: 0.1", "0.3 (its floor) to 1 (its cap)"),
        replayed=True,
    ),
    Bad(
        "illegal move",
        RECORD,
        rows("a,2025-02-03,US,CONCEDE,port_fees,0,,,,,"),
        ("line 2 (a), 2025-02-03: CONCEDE port_fees is not legal", "floor", "legal: HOLD, SUSPEND"),
        replayed=True,
    ),
    Bad(
        "level of a round",
        RECORD,
        rows("a,2025-02-03,both,ROUND,,.5,,,,,"),
        ("line 2 (a)", "level"),
        replayed=True,
    ),
]
