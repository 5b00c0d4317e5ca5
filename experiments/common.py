"""What the experiments share: their specs, play over posterior draws, figures, README.

``run.py OUT [--small]`` of an experiment writes ``table.csv``, ``figure.png``, ``figure.svg`` and
``README.md`` to OUT. The README is the experiment's ``README.md.in`` with the numbers of the run.
"""

import argparse
import textwrap
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from negotiation_abm import build_game, load_scenario
from negotiation_abm.calibration.draws import draws_of
from negotiation_abm.core.terms import Move
from negotiation_abm.core.tracker import ANY_DOMAIN, COVERED
from negotiation_abm.files.provenance import environment, file_hash
from negotiation_abm.files.yaml_text import read_yaml
from negotiation_abm.plotting import KINDS, style
from negotiation_abm.plotting.forest import plot_differences
from negotiation_abm.run.batch import available_threads, run_replicates
from negotiation_abm.run.kernel import make_kernel
from negotiation_abm.run.outcomes import YEAR_WEEKS
from negotiation_abm.run.posterior import games_of, thinned
from negotiation_abm.run.running import first_of_running
from negotiation_abm.scenario.provenance import provenance_of

INTERVAL = (0.05, 0.5, 0.95)
TAIL = 1.645  # of a normal, both ends of 90 %
OUTCOMES = {  # of a changed Busan truce: words, digits
    "weeks_covered": ("truce holds, weeks", 1),
    "survival_365": ("S(365 d)", 2),
    "weeks_any_domain": ("any domain, weeks", 1),
    "share_in_truce": ("share of weeks in truce", 2),
    "escalations": ("escalations", 1),
}
PANELS = {  # of its figure: title, format of a difference, axis
    "weeks_covered": ("Truce of Busan, covered", "{:+z.1f}", "weeks more or less"),
    "weeks_any_domain": ("The same, any domain", "{:+z.1f}", "weeks more or less"),
    "share_in_truce": ("Weeks in a truce", "{:+z.3f}", "share of two years"),
}
UNITS = {" weeks": ("longer", "shorter"), "": ("more", "less")}


@dataclass(frozen=True)
class Study:
    """An experiment: where it lies, where its files go, its spec."""

    folder: Path
    out: Path
    spec: dict
    is_small: bool

    @property
    def table(self):
        return self.out / "table.csv"


def begin(file, argv=None, spec="spec.yaml"):
    """The study of a ``run.py``, from its command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--small", action="store_true", help="few draws and runs, to try it")
    options = parser.parse_args(argv)
    folder = Path(file).resolve().parent
    settings = read_yaml(folder / spec)
    small = settings.pop("small", {})
    options.out.mkdir(parents=True, exist_ok=True)
    return Study(folder, options.out, settings | (small if options.small else {}), options.small)


# ---------------------------------------------------------------------------
# Play over posterior draws


def per_run(game, block):
    """Outcomes of each run, by name."""
    runs, weeks = block.runs, len(game.weeks)
    covered, any_domain = (
        held_on(game, block, measure, weeks) for measure in (COVERED, ANY_DOMAIN)
    )
    first = np.where(runs["first_truce_week"] < 0, weeks, runs["first_truce_week"])
    return {
        "weeks_covered": covered,
        "weeks_any_domain": any_domain,
        "survival_365": (covered > YEAR_WEEKS).astype(float),
        "survival_365_any_domain": (any_domain > YEAR_WEEKS).astype(float),
        "share_in_truce": runs["weeks_in_truce"] / weeks,
        "first_truce": first.astype(float),
        "escalations": runs["num_moves"][:, :, Move.ESCALATE].sum(axis=1).astype(float),
    }


def held_on(game, block, measure, weeks):
    """Weeks from the start that the truce in force held on, to the horizon at most."""
    chosen = first_of_running(game, block.spells, measure)
    held = np.full(len(block.runs), np.nan)  # no truce at the start
    held[chosen["replicate"] - block.runs["replicate"][0]] = np.minimum(
        chosen["duration_weeks"] - chosen["entry_weeks"], weeks
    )
    return held


def paired(study):
    """Every case of the spec against its first, with the same draws and random numbers.

    Returns one row a case and outcome: median over draws of the case (`level`), and of its
    difference from the first case with the 90 % interval over draws, from which the noise of
    finite runs is taken off (`spread`).
    """
    spec = study.spec
    cases = [
        build_game(load_scenario(spec["scenario"], spec.get("set", {}) | (changes or {})))
        for changes in spec["cases"].values()
    ]
    frame = thinned(draws_of(cases[0].parameter_set), spec["draws"])
    drawn = list(zip(*(games_of(game, frame) for game in cases), strict=True))
    make_kernel()  # compile before the threads start
    size = spec["replicates"]

    def one(number):
        found = [
            per_run(game, run_replicates(game, spec["seed"], number * size, size))
            for game in drawn[number]
        ]
        return [{name: moments(case, found[0], name) for name in case} for case in found]

    with ThreadPoolExecutor(available_threads()) as pool:
        played = list(pool.map(one, range(len(drawn))))
    rows = [
        {"case": case, "outcome": outcome} | spread([draw[k][outcome] for draw in played])
        for k, case in enumerate(spec["cases"])
        for outcome in played[0][k]
    ]
    return cases[0], pd.DataFrame(rows).dropna(subset="level").reset_index(drop=True)


def moments(case, base, name):
    """Mean of a case; mean of its difference from the base, and the variance of that mean."""
    gap = case[name] - base[name]
    return case[name].mean(), gap.mean(), gap.var(ddof=1) / len(gap)


def spread(draws):
    """Level and difference over posterior draws: medians, and 90 % of the differences.

    The variance over draws is that of the parameters plus the noise of finite runs. Differences
    are drawn in towards their mean until only the first is left, plus a standard error of its own
    (an effect smaller than the noise is not known to be the same in all draws); the error of the
    mean is added.
    """
    level, gap, noise = np.array(draws).T
    total, mean = gap.var(ddof=1), gap.mean()
    share = max(0.0, 1.0 - noise.mean() / total) if total > 0.0 else 0.0
    kept = np.sqrt(min(1.0, share + np.sqrt(2.0 / (len(gap) - 1))))
    low, mid, high = np.quantile(mean + kept * (gap - mean), INTERVAL)
    error = np.sqrt(noise.mean() / len(gap))
    return {
        "level": np.median(level),
        "difference": mid,
        "low": mid - np.hypot(mid - low, TAIL * error),
        "high": mid + np.hypot(high - mid, TAIL * error),
        "mean_difference": mean,
        "mean_error": np.sqrt(total / len(gap)),
    }


# ---------------------------------------------------------------------------
# Words


def number(value, digits=1, sign=False):
    text = f"{value:{'+' if sign else ''}.{digits}f}"
    return text.replace("-", "−") if float(text) else text.lstrip("+-")


def span(row, digits=1, point="difference", low="low", high="high", sign=True):
    """A number with its interval."""
    ends = (number(row[name], digits, sign) for name in (low, high))
    return f"{number(row[point], digits, sign)} ({' to '.join(ends)})"


def verdict(row, more="longer", less="shorter"):
    """What an interval says."""
    if row["low"] > 0.0:
        return more
    return less if row["high"] < 0.0 else "no clear difference"


def markdown(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def effects(study, table, outcomes):
    """A Markdown table of the cases: the first as it is, the others as differences from it.

    `outcomes` maps names of outcomes to heading and digits.
    """
    rows = []
    for place, case in enumerate(study.spec["cases"]):
        cells = [case]
        for outcome, (_, digits) in outcomes.items():
            row = row_of(table, case, outcome)
            cells.append(span(row, digits) if place else number(row["level"], digits))
        rows.append(cells)
    return markdown(["case", *(heading for heading, _ in outcomes.values())], rows)


def effect(table, case, outcome, unit, digits=1):
    """An effect in words: over draws, and on average over them."""
    row = row_of(table, case, outcome)
    error = number(2 * row["mean_error"], digits)
    mean = f"on average {number(row['mean_difference'], digits, sign=True)} ± {error}"
    return f"{verdict(row, *UNITS[unit])}: {span(row, digits)}{unit}, {mean}"


def row_of(table, case, outcome):
    return table[(table["case"] == case) & (table["outcome"] == outcome)].iloc[0]


# ---------------------------------------------------------------------------
# Whole experiments and files


def compare_cases(file, argv, outcomes, panels, words):
    """An experiment that compares cases over posterior draws; `words` makes the result of a table.

    `outcomes`: name to heading and digits; `panels`: name to title, format and unit.
    """
    study = begin(file, argv)
    game, table = paired(study)
    with style.context():
        figure = forest(study, table, panels)
        numbers = {"result": words(table), "table": effects(study, table, outcomes)}
        finish(study, game, table, figure, numbers)


def finish(study, game, table, figure, numbers, scenario=""):
    """Write table, figure and README; `numbers` fills the template."""
    table.to_csv(study.table, index=False, float_format="%.6g")
    spec = study.spec
    over = f"{spec['draws']:,} posterior draws of " if "draws" in spec else ""
    environ = environment()
    parts = [
        f"scenario {scenario or game.scenario.name}",
        f"parameters {game.parameter_set.name}",
        f"{over}{spec['replicates']:,} runs, seed {spec['seed']}",
        f"negotiation_abm {environ['negotiation_abm']} ({environ['source_hash'][:8]})",
        f"table.csv {file_hash(study.table)[:12]}",
    ]
    style.small_print(figure, "  |  ".join(parts))
    for kind in KINDS:
        style.save(figure, study.out / f"figure.{kind}", parts[-1])
    plt.close(figure)
    template = (study.folder / "README.md.in").read_text()
    known = {key: value for key, value in spec.items() if isinstance(value, int | str)}
    known |= {
        "parameters": game.parameter_set.name,
        "parameter_hash": provenance_of(game)["parameter_hash"][:12],
        "result": textwrap.fill(f"**Result.** {numbers['result']}", 99, break_on_hyphens=False),
    }
    text = template.format_map(numbers | known)
    (study.out / "README.md").write_text(text)
    print(text)


def forest(study, table, panels):
    """A panel an outcome: differences of the cases from the first. `panels`: titles, formats."""
    cases = list(study.spec["cases"])[1:]
    height = 1.6 + 0.75 * len(cases)
    figure, axes = plt.subplots(1, len(panels), figsize=(4.4 * len(panels) + 2.4, height))
    left = (0.4 + 0.09 * max(len(line) for case in cases for line in case.split("\n"))) / (
        4.4 * len(panels) + 2.4
    )
    figure.subplots_adjust(
        left=left, right=0.98, top=1 - 0.45 / height, bottom=0.95 / height, wspace=0.08
    )
    for place, (ax, (outcome, (title, text, unit))) in enumerate(
        zip(axes, panels.items(), strict=True)
    ):
        rows = table[(table["outcome"] == outcome) & table["case"].isin(cases)]
        plot_differences(rows, ax, text, labels=place == 0)
        ax.set_title(title)
        ax.set_xlabel(unit)
    return figure
