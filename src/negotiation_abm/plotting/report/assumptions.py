"""What the numbers of a run rest on, read from the sources of its parameters."""

from typing import Any

from negotiation_abm.core.modules import module_of

KINDS = (
    ("rests on likelihood", "fitted; the record carries it"),
    ("rests on both", "fitted; the record and the prior share it"),
    ("rests on prior", "not identified: the prior alone"),
    ("not identified", "not identified by the record"),
    ("exploratory fit", "start value from an exploratory fit, not calibrated"),
    ("fact", "a sourced fact"),
    ("fixed", "a scale or an option, held fixed"),
    ("held at", "a scale or an option, held fixed"),
    ("assumed", "assumed"),
)
SET = "set by this scenario"
OTHER = "other"
ORDER = (
    "not identified by the record",
    "not identified: the prior alone",
    "fitted; the record and the prior share it",
    "start value from an exploratory fit, not calibrated",
    "assumed",
    SET,
    OTHER,
    "fitted; the record carries it",
    "a sourced fact",
    "a scale or an option, held fixed",
)


WEAK = ORDER[:7]


def ground(groups: list[tuple[str, list[str]]]) -> str:
    """One sentence: how many of the values no record and no fact stands behind."""
    every = sum(len(names) for _, names in groups)
    weak = sum(len(names) for kind, names in groups if kind in WEAK)
    return (
        f"Behind {weak} of the {every} values in use stands no record and no fact, or not one that "
        "settles them; a result that leans on one of these needs its range."
    )


def kind_of(source: str) -> str:
    """What a source says about a value.

    >>> kind_of("MAP (Laplace error): shadow 0.00 (1.00), rests on prior")
    'not identified: the prior alone'
    >>> kind_of("as in start_2025: facts: 5 to 10 years")
    'a sourced fact'
    """
    text = source.removeprefix("as in start_2025: ")
    for mark, kind in KINDS:
        if (mark != "fact" and mark in text) or (mark == "fact" and text.startswith("fact")):
            return kind
    return OTHER


def resting(made: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Parameters in use by what they rest on, the weakest ground first.

    Parameters
    ----------
    made : dict
        Entry of a run in a manifest.
    """
    scenario, chosen = made["scenario"], made["parameter_set"]
    modules = scenario.get("modules") or {}
    on = {name for name, given in modules.items() if given is not None and name != "own"}
    on |= set(modules.get("own") or ())
    changed = {name.split(".")[0] for name in scenario.get("set") or {}}
    groups: dict[str, list[str]] = {}
    for name, source in chosen["sources"].items():
        module = module_of(name)
        if module is None or module in on:
            kind = SET if name in changed else kind_of(source)
            groups.setdefault(kind, []).append(name)
    return [(kind, groups[kind]) for kind in ORDER if kind in groups]
