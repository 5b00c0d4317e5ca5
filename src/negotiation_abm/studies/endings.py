"""Rules of when a truce ends, compared on recorded truces.

Each rule is a set of parameter values under which the episodes are replayed. The first of them is
the reference; a truce of the others is marked by how near its end comes to that of the reference.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from negotiation_abm.core.terms import TruceEnd
from negotiation_abm.core.tracker import COVERED
from negotiation_abm.files.folder import writing
from negotiation_abm.files.provenance import file_hash
from negotiation_abm.files.resources import find
from negotiation_abm.files.validation import checked
from negotiation_abm.files.yaml_text import read_yaml
from negotiation_abm.replay.result import RecordedSpell
from negotiation_abm.studies.episodes import Episode, replay_episode, side_of

FOLDER = "configs/rules"
SAME, NEAR = dt.timedelta(days=7), dt.timedelta(days=28)
MARKS = {
    "Y": "same end within 7 days, same side",
    "y": "within 28 days, same side",
    "w": "within 28 days, another side",
    "n": "another end",
    "c": "goes on",
    "-": "no truce begins on that day",
}


class Rule(BaseModel):
    """One rule: its name and the values that make it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    set: dict[str, Any] = Field(default={}, description="parameter values, by dotted name")
    agency: bool = Field(default=True, description="false: acts of agencies count as chosen")


class Rules(BaseModel):
    """Rules to compare, and the episodes and readings to compare them on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    title: str = ""
    episodes: list[str] = Field(min_length=1)
    rules: list[Rule] = Field(min_length=1)


def load_rules(reference: str | Path) -> tuple[Rules, Path]:
    """Read and check a comparison of rules, by shipped name or by path.

    Raises
    ------
    InputError
        With file, place, value and what is allowed.
    """
    path = find(reference, FOLDER, ".yaml")
    return checked(Rules, path, read_yaml(path)), path


def compare_rules(
    reference: str | Path, names: list[str] | None = None, out: Path | None = None
) -> dict[str, Any]:
    """Replay episodes under each rule, and mark the ends of truces against the first rule.

    Parameters
    ----------
    reference : str or Path
        Shipped name or path of the rules.
    names : list of str, optional
        Episodes or readings in place of those that the file names.
    out : Path, optional
        Folder for ``rules.csv`` (one row a rule, episode and truce) and the manifest.

    Returns
    -------
    dict
        title, rules (name, set, agency, and how often each mark was given), marks (their meaning)
        and truces: rule, episode, start, end, cause, player, lever, days, mark.

    Raises
    ------
    InputError
        As `load_rules`, and if there is no such episode.
    """
    rules, path = load_rules(reference)
    chosen = list(names or rules.episodes)
    rows = [row for name in chosen for row in _of_episode(name, rules.rules)]
    counted = pd.DataFrame(rows).groupby("rule", sort=False)["mark"].value_counts()
    summary = {
        "title": rules.title,
        "marks": MARKS,
        "rules": [
            rule.model_dump() | {"counts": {m: int(counted.get((rule.name, m), 0)) for m in MARKS}}
            for rule in rules.rules
        ],
        "truces": rows,
    }
    if out is not None:
        facts = {"rules": rules.name, "rules_sha256": file_hash(path), "episodes": chosen}
        with writing(out, "rules", facts) as draft:
            draft.csv("rules.csv", pd.DataFrame(rows))
            draft.json("rules.json", summary)
    return summary


def _of_episode(name: str, rules: list[Rule]) -> Iterator[dict[str, Any]]:
    """Truces of one episode under each rule, those of the first rule first."""
    expected: dict[dt.date, RecordedSpell] = {}
    for number, rule in enumerate(rules):
        episode = replay_episode(name, rule.set, _without_agencies if not rule.agency else None)
        found = {spell.start: spell for spell in episode.replay.spells if spell.measure == COVERED}
        if number == 0:
            expected = found
        for start in sorted(expected | found):
            spell = found.get(start)
            if spell is None and start in expected:
                yield {"rule": rule.name, "episode": name, "start": start.isoformat(), "mark": "-"}
            elif spell is not None:
                yield _row(rule, episode, spell, expected.get(start))


def _without_agencies(record: Any) -> Any:
    return replace(record, rows=tuple(replace(row, agency=False) for row in record.rows))


def _row(
    rule: Rule, episode: Episode, spell: RecordedSpell, expected: RecordedSpell | None
) -> dict[str, Any]:
    return {
        "rule": rule.name,
        "episode": episode.name,
        "start": spell.start.isoformat(),
        "mark": _mark(spell, expected) if expected else "",
        "end": spell.end.isoformat(),
        "days": spell.duration_days,
        **side_of(episode.game, spell),
    }


def _mark(spell: RecordedSpell, expected: RecordedSpell) -> str:
    """How near the end of a truce comes to that of the reference; see `MARKS`."""
    goes_on = spell.cause == TruceEnd.CENSORED
    if goes_on or expected.cause == TruceEnd.CENSORED:
        return "Y" if goes_on and expected.cause == TruceEnd.CENSORED else "c" if goes_on else "n"
    apart = abs(spell.end - expected.end)
    if apart > NEAR:
        return "n"
    if spell.player != expected.player:
        return "w"
    return "Y" if apart <= SAME else "y"
