"""What is varied: a factor maps a number between 0 and 1 to a value of a dotted name."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.files.validation import checked
from negotiation_abm.scenario.load import changes_beside
from negotiation_abm.sweep.blocks import Span, kind_of

DUMMY = "dummy"


@dataclass(frozen=True)
class Factor:
    """One factor: sorted values, of which ``u`` in [0, 1) takes its quantile.

    A range is its two ends, numbers or dates; posterior draws are themselves; a choice takes one of
    its values.
    """

    name: str
    values: tuple[Any, ...]
    is_choice: bool = False

    def at(self, u: float) -> Any:
        """Value at `u`; a whole number where the place holds one, a day between two dates."""
        if self.is_choice:
            return self.values[min(int(u * len(self.values)), len(self.values) - 1)]
        if isinstance(self.values[0], dt.date):
            days = [day.toordinal() for day in self.values]
            return dt.date.fromordinal(round(float(np.quantile(days, u))))
        value = float(np.quantile(np.array(self.values, dtype=float), u))
        return round(value) if kind_of(self.name) == "whole" else value


class _Values(BaseModel):
    model_config = ConfigDict(extra="forbid")

    values: list[Any] = Field(min_length=2)


def read_factors(path: Path, given: dict[str, Any], draws: pd.DataFrame | None) -> list[Factor]:
    """Factors of a spec: ``{low, high}``, ``{values: [...]}``, or ``draws``.

    Parameters
    ----------
    path : Path
        The spec, for the error text.
    draws : DataFrame, optional
        Posterior draws, one column a coefficient, that ``draws`` means.

    Raises
    ------
    InputError
        With the place, and what is allowed.
    """
    if DUMMY in given:
        raise InputError(path, f"factors.{DUMMY}", "this name is taken: every design has a dummy")
    return [_factor(path, name, entry, draws) for name, entry in given.items()]


def _factor(path: Path, name: str, entry: Any, draws: pd.DataFrame | None) -> Factor:
    place = f"factors.{name}"
    if entry == "draws":
        if draws is None:
            raise InputError(path, place, "'draws' needs a parameter set: write draws: NAME")
        if name not in draws:
            raise InputError(path, place, f"has no draws; {suggest(name, draws.columns)}")
        return Factor(name, tuple(np.sort(draws[name].to_numpy())))
    if not isinstance(entry, dict) or not entry:
        raise InputError(path, place, "expected {low: , high: }, {values: [ ]}, or draws")
    if "values" in entry:
        values = checked(_Values, path, entry, place).values
        found = [changes_beside({name: value}, path.parent)[name] for value in values]
        return Factor(name, tuple(found), is_choice=True)
    ends = checked(Span, path, entry, place)
    if ends.low == ends.high:
        raise InputError(path, place, f"low {ends.low} is not below high {ends.high}")
    if ends.scale != "linear":
        raise InputError(path, f"{place}.scale", "a factor has a linear scale")
    if ends.is_dates:
        return Factor(name, (ends.low, ends.high))
    return Factor(name, (float(ends.low), float(ends.high)))


def changes_at(factors: Sequence[Factor], u: Sequence[float]) -> dict[str, Any]:
    """Dotted names and values at one point of the unit cube."""
    return {factor.name: factor.at(value) for factor, value in zip(factors, u, strict=True)}
