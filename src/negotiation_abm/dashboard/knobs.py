"""The numbers of the model that the page lets one alter, with range and source."""

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from negotiation_abm.core.params import LEVER_NUMBERS
from negotiation_abm.files import words
from negotiation_abm.files.resources import shipped
from negotiation_abm.files.yaml_text import read_yaml
from negotiation_abm.plotting.report.assumptions import kind_of
from negotiation_abm.record.facts import load_facts
from negotiation_abm.replay.story import load_story
from negotiation_abm.scenario.parameters import TABLE
from negotiation_abm.scenario.posterior_draws import coefficients, load_draws

UNITS = {"units": ", in payoff units", "weeks": ", in weeks"}
STUDY = "busan_drivers"  # its factors are the parameters that the page shows first


@dataclass(frozen=True)
class Knob:
    """A number that can be altered: usual value, range of its slider, and what it rests on."""

    name: str
    label: str
    value: float
    low: float
    high: float
    step: float
    hint: str
    is_first: bool

    @property
    def digits(self) -> int:
        """Decimal places of its step."""
        return max(0, len(f"{self.step:.10f}".rstrip("0").split(".")[1]))


@lru_cache(maxsize=4)
def knobs(scenario: str) -> tuple[Knob, ...]:
    """The fitted parameters and the irreplaceability of each lever.

    The slider of a fitted parameter spans 95 % of its posterior draws, and what the shipped study
    of drivers spans. Those that the study varies come first.
    """
    game = load_story(scenario).game
    study = read_yaml(shipped("configs/sensitivity", ".yaml")[STUDY])["factors"]
    draws = load_draws(game.scenario.parameters, game.scenario.path.parent)
    found = []
    for name in coefficients(draws):
        first, *rest = name.split(".")
        if first == "lever_bias":
            continue
        value: Any = game.scenario.set.get(first, game.parameter_set.values[first])
        for part in rest:
            value = value[part] if isinstance(value, dict) else value
        low, high = (float(x) for x in draws[name].quantile([0.025, 0.975]))
        if low == high:  # held fixed
            continue
        kind = kind_of(_source_of(game.parameter_set.sources[first], name))
        hint = (
            f"{TABLE[first].doc.capitalize()}{UNITS.get(TABLE[first].unit, '')}. "
            f"{kind.capitalize()}; 95 % of posterior draws lie from {low:.2g} to {high:.2g}."
        )
        found.append(_knob(name, float(value), low, high, hint, study.get(name)))
    number = next(p for p in LEVER_NUMBERS if p.name == "irreplaceability")
    for player, levers in game.scenario.levers.items():
        for lever, given in levers.items():
            name = f"levers.{player}.{lever}.irreplaceability"
            hint = (
                f"{number.doc.capitalize()}, from {number.low:g} to {number.high:g}. The "
                f"record cannot tell it; {_rests(given.source)}."
            )
            found.append(
                _knob(name, given.irreplaceability, number.low, number.high, hint, study.get(name))
            )
    return tuple(sorted(found, key=lambda knob: not knob.is_first))


def _rests(source: str) -> str:
    """What `irreplaceability` rests on: facts by what they say, else that it is assumed."""
    facts, own = load_facts(), re.search(r"irreplaceability: ([^;]*)", source)
    names = re.findall(r"\w+", own[1]) if own else []
    named = [facts[name]["statement"] for name in names if name in facts]
    return f"set from: {' '.join(named)}".removesuffix(".") if named else "assumed"


def _source_of(source: str, name: str) -> str:
    """The part of a source that speaks of one player or lever."""
    parts = [part for part in source.split("; ") if name in part]
    return (parts or [source])[0]


def _knob(
    name: str,
    value: float,
    low: float,
    high: float,
    hint: str,
    factor: dict[str, float] | str | None,
) -> Knob:
    if isinstance(factor, dict):  # else over the draws, as here
        low, high = min(low, factor["low"]), max(high, factor["high"])
    low, high = min(low, value), max(high, value)
    step = 10.0 ** _magnitude((high - low) / 60.0)
    low, high = (round(x / step) * step for x in (low, high))
    return Knob(name, words.setting(name), value, low, high, step, hint, factor is not None)


def _magnitude(size: float) -> int:
    return math.floor(math.log10(size))
