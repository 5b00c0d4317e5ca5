"""One clear line for bad input: file, place, name, value, what is allowed, nearest name."""

import contextlib
import datetime as dt
import difflib
import itertools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from negotiation_abm.core.misfit import MisfitError

MOST_SHOWN = {"source": 400, "place": 200, "problem": 800}  # letters of a message
FILES = ("parameters", "record.file")  # places of a scenario that name other files


def shortened(text: str, most: int) -> str:
    """A text of at most so many letters; of a longer one the middle is left out.

    >>> shortened("abcdefghijklmnop", 11)
    'abcd...mnop'
    """
    if len(text) <= most:
        return text
    kept = max(most - 3, 2) // 2
    return f"{text[:kept]}...{text[-kept:]}"


def shown(value: object, most: int = 60) -> str:
    """A value as Python writes it, in at most so many letters, whatever it is; a date as people do.

    >>> shown("x"), shown(dt.date(2025, 11, 10)), shown(10**5000)
    ("'x'", '2025-11-10', 'a number of more than 4300 digits')
    """
    if isinstance(value, dt.date):
        return str(value)
    if isinstance(value, str):  # not first written in full
        return shortened(repr(shortened(value, 2 * most)), most)
    try:
        return shortened(repr(value), most)
    except ValueError:  # Python writes no whole number of so many digits
        return "a number of more than 4300 digits"
    except RecursionError:
        return "something nested too deeply"


def one_line(text: str, most: int | None = None) -> str:
    r"""A text without line breaks and without signs that a terminal would obey.

    What is no text in the encoding of the system is shown byte by byte, as in a file's name.

    >>> one_line("a" + chr(10) + "b" + chr(27) + "[2J")
    'a b [2J'
    >>> one_line(b"caf\xe9.yaml".decode(errors="surrogateescape"))
    'caf\\xe9.yaml'
    """
    short = text if most is None else shortened(text, most)
    return " ".join("".join(map(_sign, short)).split())


def _sign(sign: str) -> str:
    if "\udc80" <= sign <= "\udcff":  # a byte that Python could not decode
        return f"\\x{ord(sign) - 0xDC00:02x}"
    return sign if sign.isprintable() else " "


def whole_number(text: str, low: int, high: int) -> int:
    """A whole number within bounds; a `ValueError` says what is wrong and what is allowed.

    >>> whole_number("12", 0, 49)
    12
    """
    allowed = f"allowed: {low} to {high}"
    try:
        value = int(text)
    except ValueError:
        raise ValueError(f"{shown(text)} is not a whole number; {allowed}") from None
    if not low <= value <= high:
        raise ValueError(f"{shown(text)} is out of range; {allowed}")
    return value


class InputError(Exception):
    """Something that the user gave cannot be used; the message is one line for people.

    The command line prints it and exits with 2. The line is bounded: what is long is shortened in
    the middle, so that a file full of text does not fill a terminal.

    Attributes
    ----------
    source, place, problem : str
        The parts of the message, for one that names others.
    """

    def __init__(self, source: str | Path, place: str, problem: str) -> None:
        texts = {"source": str(source), "place": str(place), "problem": str(problem)}
        parts = [shortened(text, MOST_SHOWN[name]) for name, text in texts.items() if text]
        super().__init__(one_line(": ".join(parts)))
        self.source, self.place = texts["source"], texts["place"]
        self.problem = shortened(texts["problem"], MOST_SHOWN["problem"])

    def __reduce__(self) -> tuple[type["InputError"], tuple[str, str, str]]:
        return InputError, ("", "", str(self))  # so that a worker can send it


def suggest(name: object, allowed: Iterable[object]) -> str:
    """What to write instead of an unknown `name`: a suggestion and the allowed names.

    Names are compared without regard to capitals.

    >>> suggest("Potncy", ["potency", "weight"])
    "did you mean 'potency'? allowed: potency, weight"
    """
    names = [shortened(str(item), 60) for item in itertools.islice(allowed, 2_000)]
    asked = name if isinstance(name, str) else shown(name)
    known = {one.casefold(): one for one in names}
    close = difflib.get_close_matches(asked[:200].casefold(), known, n=1, cutoff=0.5)
    hint = f"did you mean '{known[close[0]]}'? " if close else ""
    first = ", ".join(names[:24]) + (", ..." if len(names) > 24 else "")
    return f"{hint}allowed: {first or 'nothing'}"


def input_error(source: str | Path, fault: MisfitError, within: str = "") -> InputError:
    """A fault of something that `source` holds, as one line; its place is one `within` another."""
    problem = fault.problem
    if fault.allowed:
        problem = f"{problem}; {suggest(fault.name, fault.allowed)}"
    place = ".".join(part for part in (within, fault.place) if part)
    return InputError(source, place, problem)


@contextlib.contextmanager
def changed_by(source: str | Path, places: Mapping[str, str]) -> Iterator[None]:
    """What is wrong with a changed place of a scenario is told of `source`, which changes it.

    Parameters
    ----------
    places : mapping of str to str
        Dotted names that are changed, and where each stands in the source.
    """
    try:
        yield
    except InputError as error:
        raise told_of(source, places, error) from None


def told_of(source: str | Path, places: Mapping[str, str], error: InputError) -> InputError:
    """The error in the name of what changes a place of a scenario, if it is about such a place.

    What is wrong within a file that a change names is told of that file.

    >>> wrong = InputError("busan_2025.yaml", "set.fatigue", "nan: should be finite")
    >>> str(told_of("game.json", {"fatigue": "set.fatigue"}, wrong))
    'game.json: set.fatigue: nan: should be finite'
    """
    found = error.place.removeprefix("set.")
    for name, place in places.items():
        inside = found.removeprefix(name)
        if inside != found and (not inside or (inside[0] == "." and name not in FILES)):
            return InputError(source, f"{place}{inside}", error.problem)
    return error
