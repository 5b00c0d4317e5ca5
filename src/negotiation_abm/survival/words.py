"""What is said of a duration where there is no number, the same in tables, reports and the page."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

NOT_REACHED = "not reached"
NO_TRUCE = "no truce"
BEYOND_DATA = "beyond data"
ONE_RUN = "one run: no interval"
GROUPS = {"all": "all truces", "running": "the truce in force at the start"}
Number = float | int | None


def is_number(value: Any) -> bool:
    """Is there a number? None and NaN are none."""
    return value is not None and value == value


def is_clear(row: Mapping[str, Any]) -> bool:
    """Does the interval ``low`` to ``high`` of a difference exclude 0? None, where there is none.

    >>> is_clear({"low": 0.1, "high": 0.4}), is_clear({"low": None, "high": None})
    (True, False)
    """
    low, high = row["low"], row["high"]
    return is_number(low) and is_number(high) and bool(low > 0.0 or high < 0.0)


def plain_rows(rows: "pd.DataFrame | Iterable[Mapping[Any, Any]]") -> list[dict[str, Any]]:
    """Rows, or those of a table, as JSON can hold them: None for NaN and infinity.

    >>> plain_rows([{"low": float("-inf"), "high": 2.0, "name": "a"}])
    [{'low': None, 'high': 2.0, 'name': 'a'}]
    """

    def is_plain(value: Any) -> bool:
        return is_number(value) and not (isinstance(value, float) and math.isinf(value))

    return [
        {str(name): value if is_plain(value) else None for name, value in row.items()}
        for row in (rows.to_dict("records") if hasattr(rows, "to_dict") else rows)
    ]


def with_interval(
    values: Sequence[Number], text: Callable[[float], str], missing: str, gap: str = ""
) -> str:
    """A number with its interval; alone where there is no interval; `missing` where there is none.

    Parameters
    ----------
    values : sequence
        Number, lower and upper end; None or NaN where there is none.
    text : callable
        Gives the text of a number.
    gap : str
        After the comma between the ends.

    >>> with_interval([0.5, 0.4, 0.6], "{:.1f}".format, BEYOND_DATA)
    '0.5 [0.4,0.6]'
    >>> with_interval([39, 34, None], str, NOT_REACHED, " ")
    '39 [34, -]'
    >>> with_interval([0.5, None, None], "{:.1f}".format, BEYOND_DATA)
    '0.5'
    >>> with_interval([None, None, None], str, NOT_REACHED)
    'not reached'
    """
    first = text(values[0]) if is_number(values[0]) else missing  # type: ignore[arg-type]
    ends = [text(value) if is_number(value) else "-" for value in values[1:]]  # type: ignore[arg-type]
    return first if ends == ["-", "-"] else f"{first} [{ends[0]},{gap}{ends[1]}]"
