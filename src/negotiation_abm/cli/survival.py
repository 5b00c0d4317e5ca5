"""`survival`: how long truces of run folders last."""

import argparse
from pathlib import Path
from typing import Any

from negotiation_abm.cli.options import add_results, as_path, command, count
from negotiation_abm.cli.output import print_result
from negotiation_abm.files.damage import reading

EXAMPLES = """examples:
  negotiation-abm survival results/busan_2025
  negotiation-abm survival results/busan_2025 results/cheap_breach --until 52
  negotiation-abm survival results/sweep_* --regress --out results/what_matters
"""


def add(commands: Any) -> None:
    """Add what this file holds to the parser."""
    text = "how long the truces of a run last, with hazards and fits; several runs are compared"
    parser = command(commands, "survival", _survival, text, EXAMPLES)
    parser.add_argument("folders", metavar="DIR", type=as_path, nargs="+")
    parser.add_argument(
        "--until", metavar="WEEKS", type=count, default=52, help="limit of the mean (default 52)"
    )
    parser.add_argument("--level", metavar="P", type=_level, default=0.95, help="(default 0.95)")
    parser.add_argument(
        "--measure",
        choices=("covered", "any_domain"),
        default="covered",
        help="measure that is compared (default covered)",
    )
    parser.add_argument(
        "--group",
        choices=("all", "running"),
        help="truces that are compared (default: the one in force at the start, if all have one)",
    )
    parser.add_argument(
        "--regress",
        action="store_true",
        help="hazard ratios of the numbers that differ between the runs",
    )
    add_results(parser, "folder (default: DIR, or results/comparison)")


def _level(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < 1.0:
        raise argparse.ArgumentTypeError(f"'{text}' is not a probability between 0 and 1")
    return value


def _survival(options: argparse.Namespace) -> None:
    from negotiation_abm.cli.tables.survival import print_comparison, print_study
    from negotiation_abm.files.errors import InputError
    from negotiation_abm.studies.comparison import compare, study

    if len(options.folders) == 1:
        if options.regress:
            raise InputError("--regress", "", "needs several run folders")
        (folder,) = options.folders
        with reading(folder):
            summary = study(folder, options.out, options.until, options.level)
        show = print_study
        out = options.out or folder
    else:
        out = options.out or Path("results/comparison")
        with reading(*options.folders):
            summary = compare(
                options.folders,
                out,
                options.measure,
                options.group,
                options.until,
                options.level,
                options.regress,
            )
        show = print_comparison
    print_result(summary, options.json, lambda: show(summary, out))
