"""The marker of a rule: a pure function that Python runs as it is and a kernel compiles.

A rule may use numbers, tuples, NumPy arrays, the fields of a state or parameter record,
``math``, enums and other rules; no strings, no dicts, no keyword arguments, no randomness
(draws come in as arguments). The marker only notes the function down, so that reading or
running the rules needs no compiler; `negotiation_abm.run.batch` hands the noted rules to Numba.
"""

from collections.abc import Callable
from typing import Any, TypeVar

RULES: list[Callable[..., Any]] = []

F = TypeVar("F", bound=Callable[..., Any])


def rule(function: F) -> F:
    """Mark `function` as a rule of the game and return it unchanged.

    >>> @rule
    ... def double(x):
    ...     return 2.0 * x
    >>> double(1.5)
    3.0
    """
    RULES.append(function)
    return function
