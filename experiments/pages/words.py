"""What the pages share: results read back, intervals, sentences."""

import json
import textwrap

from common import markdown, number

__all__ = ["bracketed", "is_clear", "listed", "markdown", "number", "paragraph", "read"]

LAST = 99  # columns of a page


def read(path):
    return json.loads(path.read_text())


def paragraph(text):
    return textwrap.fill(" ".join(text.split()), LAST, break_on_hyphens=False)


def bracketed(row, digits, point="difference", low="low", high="high"):
    """A signed number with its interval in brackets."""
    ends = ", ".join(number(row[end], digits) for end in (low, high))
    return f"{number(row[point], digits, sign=True)} [{ends}]"


def is_clear(row):
    return row["low"] > 0.0 or row["high"] < 0.0


def listed(names):
    """Names in code, the last after `and`."""
    marked = [f"`{name}`" for name in names]
    return " and ".join([", ".join(marked[:-1]), marked[-1]] if len(marked) > 1 else marked)
