"""One clear line for bad input: file, place, name, value, what is allowed, nearest name."""

import difflib
from collections.abc import Iterable
from pathlib import Path

from negotiation_abm.core.misfit import MisfitError


class InputError(Exception):
    """Something that the user gave cannot be used; the message is one line for people.

    The command line prints it and exits with 2.

    Attributes
    ----------
    source, place, problem : str
        The parts of the message, for one that names others.
    """

    def __init__(self, source: str | Path, place: str, problem: str) -> None:
        parts = [str(part) for part in (source, place, problem) if str(part)]
        super().__init__(" ".join(": ".join(parts).split()))
        self.source, self.place, self.problem = str(source), place, problem

    def __reduce__(self) -> tuple[type["InputError"], tuple[str, str, str]]:
        return InputError, (str(self), "", "")  # so that a worker can send it


def suggest(name: object, allowed: Iterable[object]) -> str:
    """What to write instead of an unknown `name`: a suggestion and the allowed names.

    >>> suggest("potncy", ["potency", "weight"])
    "did you mean 'potency'? allowed: potency, weight"
    """
    names = [str(item) for item in allowed]
    close = difflib.get_close_matches(str(name), names, n=1, cutoff=0.5)
    hint = f"did you mean '{close[0]}'? " if close else ""
    shown = ", ".join(names[:24]) + (", ..." if len(names) > 24 else "")
    return f"{hint}allowed: {shown or 'nothing'}"


def input_error(source: str | Path, fault: MisfitError, within: str = "") -> InputError:
    """A fault of something that `source` holds, as one line; its place is one `within` another."""
    problem = fault.problem
    if fault.allowed:
        problem = f"{problem}; {suggest(fault.name, fault.allowed)}"
    place = ".".join(part for part in (within, fault.place) if part)
    return InputError(source, place, problem)
