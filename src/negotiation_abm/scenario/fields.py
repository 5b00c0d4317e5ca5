"""Types that the models of the scenario format are made of."""

import datetime as dt
import re
from typing import Annotated

from pydantic import ConfigDict, Field

FIRST_DAY, LAST_DAY = dt.date(1000, 1, 1), dt.date(3000, 1, 1)

Number = Annotated[float, Field(strict=True)]  # neither text nor yes and no
Whole = Annotated[int, Field(strict=True)]
Day = Annotated[dt.date, Field(ge=FIRST_DAY, le=LAST_DAY)]


def day_of(text: str) -> dt.date:
    """A date from ``YYYY-MM-DD``; a `ValueError` for every other form, also those of weeks."""
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return dt.date.fromisoformat(text)
    except ValueError:  # no day of the calendar
        pass
    raise ValueError("is not a date; expected YYYY-MM-DD")


# A mapping of known keys; nothing else is allowed in it.
CONFIG = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)
