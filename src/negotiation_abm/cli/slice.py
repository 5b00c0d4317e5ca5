"""`slice`: one table and figure out of a sweep or a study."""

import argparse
import sys
from pathlib import Path
from typing import Any

from negotiation_abm.cli.options import command, whole
from negotiation_abm.files.errors import InputError

SLICE_EXAMPLES = """examples:
  negotiation-abm slice results/phase --outcome median_weeks
  negotiation-abm slice results/phase --across breach_cost --up "" --out results/slice
  negotiation-abm slice results/phase --point 42 > survival_42.csv
  negotiation-abm slice results/busan_drivers --outcome survival_365
"""


def add(commands: Any) -> None:
    """Add what this file holds to the parser."""
    text = "one outcome of a sweep over names that vary, survival of a point, or a study's indices"
    parser = command(commands, "slice", _slice, text, SLICE_EXAMPLES)
    parser.add_argument("folder", metavar="DIR", type=Path, help="folder of a sweep or a study")
    for name, metavar, text in (
        ("outcome", "NAME", "outcome (default: the first)"),
        ("measure", "NAME", "covered or any_domain"),
        ("group", "NAME", "running or all truces"),
        ("across", "NAME", "name that varies, on the first axis"),
        ("up", "NAME", 'name on the second axis; "" for a curve'),
    ):
        parser.add_argument(f"--{name}", metavar=metavar, help=text)
    parser.add_argument(
        "--at",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="value at which another name is fixed (repeatable; default: its middle one)",
    )
    parser.add_argument(
        "--point", metavar="N", type=lambda t: whole(t, 0, 10**9), help="survival of this point"
    )
    parser.add_argument(
        "--out", metavar="DIR", type=Path, help="folder for slice.csv and slice.png, .svg"
    )


def _slice(options: argparse.Namespace) -> None:
    from negotiation_abm.plotting.slices import write_slice
    from negotiation_abm.sweep.slices import Query

    query = Query(
        options.outcome,
        options.measure,
        options.group,
        options.across,
        options.up,
        dict(_pair(item) for item in options.at),
    )
    table = write_slice(options.folder, query, options.point, options.out)
    if options.out is None:
        sys.stdout.write(table)
    else:
        print(f"written to {options.out}: slice.csv, slice.png, slice.svg")


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise InputError("--at", text, "expected NAME=VALUE")
    return name, value
