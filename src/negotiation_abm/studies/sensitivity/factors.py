"""What is varied: a factor maps a number between 0 and 1 to a value of a dotted name."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.files.resources import find
from negotiation_abm.scenario.parameters import TABLE
from negotiation_abm.scenario.posterior_draws import load_draws

DUMMY = "dummy"
FOLDER = "configs/parameters"
KEYS = ("low", "high", "values")


@dataclass(frozen=True)
class Factor:
    """One factor: sorted values, of which ``u`` in [0, 1) takes its quantile.

    A range is its two ends; posterior draws are themselves; a choice takes one of its values.
    """

    name: str
    values: tuple[Any, ...]
    is_choice: bool = False

    def at(self, u: float) -> Any:
        """Value at `u`; whole where the parameter is."""
        if self.is_choice:
            return self.values[min(int(u * len(self.values)), len(self.values) - 1)]
        value = float(np.quantile(np.array(self.values, dtype=float), u))
        parameter = TABLE.get(self.name.split(".")[0])
        return round(value) if parameter is not None and parameter.integer else value


def read_factors(path: Path, given: Any, draws: str | None) -> list[Factor]:
    """Factors of a spec: ``{low, high}``, ``{values: [...]}``, or ``draws``.

    Parameters
    ----------
    path : Path
        The spec, for the error text.
    draws : str, optional
        Parameter set whose posterior draws ``draws`` means.

    Raises
    ------
    InputError
        With the place, and what is allowed.
    """
    if not isinstance(given, dict) or not given:
        raise InputError(path, "factors", "expected a mapping of dotted names to ranges")
    if DUMMY in given:
        raise InputError(path, f"factors.{DUMMY}", "this name is taken: every design has a dummy")
    table = _draws(path, draws) if draws is not None else None
    return [_factor(path, str(name), entry, table) for name, entry in given.items()]


def _factor(path: Path, name: str, entry: Any, table: pd.DataFrame | None) -> Factor:
    place = f"factors.{name}"
    if entry == "draws":
        if table is None:
            raise InputError(path, place, "'draws' needs a parameter set: write draws: NAME")
        if name not in table:
            raise InputError(path, place, f"has no draws; {suggest(name, table.columns)}")
        return Factor(name, tuple(np.sort(table[name].to_numpy())))
    if not isinstance(entry, dict) or not entry:
        raise InputError(path, place, "expected {low: , high: }, {values: [ ]}, or draws")
    for key in entry:
        if key not in KEYS:
            raise InputError(path, f"{place}.{key}", f"unknown; {suggest(key, KEYS)}")
    if "values" in entry:
        values = entry["values"]
        if not isinstance(values, list) or len(values) < 2 or len(entry) > 1:
            raise InputError(path, place, "expected values: with two values or more, nothing else")
        return Factor(name, tuple(values), is_choice=True)
    low, high = (_number(path, f"{place}.{key}", entry.get(key)) for key in ("low", "high"))
    if not low < high:
        raise InputError(path, place, f"low {low:g} is not below high {high:g}")
    return Factor(name, (low, high))


def _number(path: Path, place: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise InputError(path, place, f"{value!r} is not a number")
    return float(value)


def _draws(path: Path, reference: str) -> pd.DataFrame:
    """Posterior draws of a parameter set, one column a coefficient."""
    find(str(reference), FOLDER, ".parquet", path.parent, (path, "draws"))
    return load_draws(reference, path.parent)


def changes_at(factors: Sequence[Factor], u: Sequence[float]) -> dict[str, Any]:
    """Dotted names and values at one point of the unit cube."""
    return {factor.name: factor.at(value) for factor, value in zip(factors, u, strict=True)}
