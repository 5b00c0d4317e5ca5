"""Numbers of docs/mechanisms.md: what modules, terms, levers and scenarios do to truces."""

import re

import pandas as pd
from words import bracketed, is_clear, listed, markdown, paragraph

from negotiation_abm import build_game, load_scenario
from negotiation_abm.run.paired import mean_difference, median_difference
from negotiation_abm.run.play import play_one

BASE = "busan_2025"
RUNS, SEED = 20_000, 1
OUTCOMES = ("outlasts_365", "truce_weeks")
COLUMNS = {  # of mechanisms.csv: heading, digits
    "median_weeks": ("Busan truce: median, weeks", 0),
    "survival_365": ("Busan truce: share beyond 365 days", 4),
    "first_truce_weeks": ("from January 2025: weeks to the first truce", 2),
}
CLAIMS = [f"M{number:02}" for number in range(1, 54)]
CHANGES = {"survival_365": ("longer", "shorter"), "first_truce_weeks": ("later", "sooner")}
WORDS = re.compile("longer|shorter|later|sooner")
CONTROLS = ("mediation", "side_issues: taiwan", "side_issues: ukraine", "side_issues: rumours")
SCENARIOS = {
    "agencies_leashed": "agencies never escalate on their own (a reference: the set has it so)",
    "agencies_unleashed": "US agencies list on their own about every eight months, Chinese ones "
    "every two years",
    "court_voids_tariffs": "a court voids the US tariff, in force and suspended, in February 2026",
    "licences_slow_walked": "rare-earth licences are slow-walked again through February 2026, with "
    "`enforcement` on",
    "mines_come_early": "supply elsewhere comes in two years instead of seven, with ten times the "
    "investment",
    "new_negotiator": "a harder chief negotiator for China from January 2026",
    "soy_pledge_missed": "China delivers less than half of what it promised (`diligence` .4)",
    "mechanisms_busan": "every module on, at its value for 2025",
}


def numbers(results):
    table = pd.read_csv(results / "mechanisms" / "mechanisms.csv")
    rows = {row["module"]: row for row in table.to_dict("records")}
    own = _of_kind(rows, "term", "lever")
    modules = {name: row for name, row in rows.items() if name not in own}
    first = next(iter(rows.values()))
    medians = first["median_weeks_base"]
    changed = {claim: _changed(rows, claim) for claim in CLAIMS}
    idle = [c for c, cell in changed.items() if cell != "-" and not WORDS.search(cell)]
    none = [c for c, cell in changed.items() if cell == "-"]
    return changed | {
        "number": len(changed),
        "changing": len(changed) - len(idle) - len(none),
        "idle": len(idle),
        "unswitched": len(none),
        "nothing": paragraph(f"Claims that come out as nothing: {', '.join(idle) or 'none'}."),
        "base_median": f"{medians:.0f} weeks" if medians == medians else "longer than two years",
        "base_share": f"{first['survival_365_base']:.3f}",
        "base_first": f"{first['first_truce_weeks_base']:.1f}",
        "intervals": len(modules) * len(COLUMNS),
        "table": _table(modules),
        "words": _words(_of_kind(rows, "module")) + "\n" + paragraph(_controls(rows)),
        "terms": _table(own),
        "terms_words": _words(own),
        "own_intervals": len(own) * len(COLUMNS),
        "scenarios": _scenarios(),
        "runs": f"{RUNS:,}",
    }


def _of_kind(rows, *kinds):
    return {name: row for name, row in rows.items() if row["kind"] in kinds}


def _changed(rows, claim):
    """What the mechanisms that carry a claim change; a dash where no switch carries it."""
    cells = []
    for name, row in rows.items():
        if row["kind"] == "all" or claim not in str(row["claims"]).split():
            continue
        if row["kind"] == "module" and any(
            claim in str(issue["claims"]).split() for issue in _of_kind(rows, "issue").values()
        ):
            continue  # the issue alone says more
        words = [
            more if _parts(row, column)["low"] > 0.0 else less
            for column, (more, less) in CHANGES.items()
            if _clear(row, column)
        ]
        cells.append(f"`{name}`: {', '.join(words) or 'no'}")
    return "; ".join(cells) or "-"


def _parts(row, name):
    ends = {end: row[f"{name}_{end}"] for end in ("difference", "low", "high")}
    return ends if ends["difference"] == ends["difference"] else None


def _cell(row, name, digits):
    ends = _parts(row, name)
    if ends is None:
        return "-"
    if ends["low"] == ends["high"] == 0.0:
        return "0 exactly"
    return bracketed(ends, digits) + (" *" if is_clear(ends) else "")


def _label(name):
    shown = f"`{name}`" if ": " not in name else f"`side_issues`, {name.split(': ')[1]} alone"
    if name == "all together":
        return "**all together**"
    return f"{shown} (negative control)" if name in CONTROLS else shown


def _table(rows):
    return markdown(
        ["mechanism", "claims", *(heading for heading, _ in COLUMNS.values())],
        [
            [
                _label(name),
                row["claims"] if isinstance(row["claims"], str) else "",
                *(_cell(row, column, digits) for column, (_, digits) in COLUMNS.items()),
            ]
            for name, row in rows.items()
        ],
    )


def _words(rows):
    """Which mechanisms do something to which outcome, and in which direction."""
    phrases = {
        "survival_365": ("lengthen{s} the truce of Busan", "shorten{s} it"),
        "first_truce_weeks": ("delay{s} the first truce", "bring{s} it nearer"),
    }
    sentences = []
    for column, (more, less) in phrases.items():
        found = {name: _parts(row, column) for name, row in rows.items()}
        found = {name: ends for name, ends in found.items() if ends is not None}
        up = [name for name, ends in found.items() if ends["low"] > 0.0]
        down = [name for name, ends in found.items() if ends["high"] < 0.0]
        nothing = [name for name, ends in found.items() if not is_clear(ends)]
        sentences += [
            f"{listed(names)} {what.format(s='s' if len(names) == 1 else '')}."
            for names, what in ((up, more), (down, less))
            if names
        ]
        sentences.append(f"No clear difference: {listed(nothing)}." if nothing else "")
    return paragraph(" ".join(sentences))


def _controls(rows):
    clear = [name for name in CONTROLS if any(_clear(rows[name], c) for c in COLUMNS)]
    if clear:
        return f"Of the negative controls {listed(clear)} did something, which needs a look."
    return "None of the negative controls does anything that can be told from 0."


def _clear(row, column):
    ends = _parts(row, column)
    return ends is not None and is_clear(ends)


def _scenarios():
    base = play_one(build_game(load_scenario(BASE)), OUTCOMES, RUNS, SEED)
    rows = []
    for name, words in SCENARIOS.items():
        other = play_one(build_game(load_scenario(name)), OUTCOMES, RUNS, SEED)
        share = mean_difference(base["outlasts_365"], other["outlasts_365"])
        median = median_difference(base["truce_weeks"], other["truce_weeks"], SEED)
        cells = []
        for found, digits in ((share, 3), (median, 0)):
            ends = vars(found)
            if found.difference != found.difference:
                cells.append("-")
            else:
                cells.append(bracketed(ends, digits) + ("" if found.is_null else " *"))
        rows.append([f"[{name}](../configs/{name}.yaml)", words, *cells])
    return markdown(["scenario", "what if", "share beyond 365 days", "median, weeks"], rows)
