"""Licences of what the package needs to run: fails where one would bind those who use it.

    python experiments/robustness/licences.py

Looks at the package's dependencies and those of the extras that it runs with, and at what these
need in turn, as far as they are installed. GPL and AGPL are refused, LGPL and MPL are listed.
"""

import re
import sys
from collections.abc import Iterator
from importlib import metadata

from packaging.requirements import Requirement

PACKAGE = "negotiation-abm"
EXTRAS = ("", "sensitivity", "cluster", "rl", "dashboard")  # not those for tests
REFUSED = re.compile(r"\bA?GPL\b|\bA?GPL-?v?\d|Affero|GNU General Public", re.IGNORECASE)
LENIENT = re.compile(r"\bLGPL|Lesser General Public", re.IGNORECASE)


def normal(name: str) -> str:
    """A distribution's name as it is compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


def needed(package: str = PACKAGE, extras: tuple[str, ...] = EXTRAS) -> Iterator[str]:
    """Names of all distributions that running the package needs, each once."""
    seen: set[tuple[str, str]] = set()
    waiting = [(package, extra) for extra in extras]
    while waiting:
        name, extra = waiting.pop()
        if (normal(name), extra) in seen:
            continue
        is_new = not any(normal(name) == known for known, _ in seen)
        seen.add((normal(name), extra))
        try:
            found = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        if is_new and name != package:
            yield name
        for text in found.requires or []:
            one = Requirement(text)
            if one.marker is None or one.marker.evaluate({"extra": extra}):
                waiting += [(one.name, inner) for inner in ("", *one.extras)]


def licence(name: str) -> str:
    """What a distribution says of its licence, in one line."""
    about = metadata.metadata(name)
    classifiers = [
        text.rpartition(" :: ")[2]
        for text in about.get_all("Classifier") or []
        if text.startswith("License ::")
    ]
    said = about.get("License-Expression") or "; ".join(classifiers) or about.get("License") or ""
    return " ".join(said.split())[:100] or "not said"


def is_refused(text: str) -> bool:
    """Does a licence bind those who use the code? A choice (``MIT OR GPL-2.0``) does not.

    >>> [is_refused(text) for text in ("GPL-3.0-only", "MIT OR GPL-2.0", "LGPLv3+", "BSD; GPLv2")]
    [True, False, False, True]
    """
    choices = re.split(r"\s+OR\s+", text)
    return all(REFUSED.search(LENIENT.sub("", choice)) for choice in choices)


def main() -> int:
    """Print the table; 1 if a licence is refused or not said."""
    rows = sorted((normal(name), metadata.version(name), licence(name)) for name in needed())
    for name, version, text in rows:
        print(f"{name:28} {version:14} {text}")
    wrong = [name for name, _, text in rows if is_refused(text)]
    unknown = [name for name, _, text in rows if text == "not said"]
    print(f"{len(rows)} distributions; GPL or AGPL: {', '.join(wrong) or 'none'}; ", end="")
    print(f"licence not said: {', '.join(unknown) or 'none'}")
    return 1 if wrong or unknown or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
