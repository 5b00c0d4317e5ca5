"""The claim of each figure: one sentence with its numbers, made from the tables behind it.

A claim is a function of a result folder under the decorator `claim`, in a file of this folder; its
figure wears it as a heading wherever it is drawn. It says what the figure shows and the interval of
each number; it returns an empty text where the tables do not hold what it would say.
"""

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

Claim = Callable[[Path], str]
CLAIMS: dict[str, Claim] = {}


def claim(figure: str) -> Callable[[Claim], Claim]:
    """Put a function into the list of claims, for the figure of that name."""

    def put(function: Claim) -> Claim:
        CLAIMS[figure] = function
        return function

    return put


def top_row(table: pd.DataFrame, values: "pd.Series[Any]") -> "pd.Series[Any]":
    """The row of a table at which these values, one a row, are largest; none may be missing."""
    return table.iloc[int(np.argmax(values.to_numpy(dtype=float)))]


@cache
def _load() -> None:
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")


def all_claims() -> dict[str, Claim]:
    """Every claim by the name of its figure, from all files of this folder."""
    _load()
    return dict(CLAIMS)


def claim_of(figure: str, folder: Path) -> str:
    """What the figure of that name shows of a folder, in a sentence; empty where there is none."""
    found = all_claims().get(figure)
    return found(folder) if found else ""
