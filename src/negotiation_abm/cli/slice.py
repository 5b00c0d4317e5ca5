"""`slice`: one table and figure out of a sweep or a study."""

import argparse
import sys
from typing import Any

from negotiation_abm.cli.options import as_path, command, whole
from negotiation_abm.files.damage import reading
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
    parser.add_argument("folder", metavar="DIR", type=as_path, help="folder of a sweep or a study")
    for name, metavar, text in (
        ("outcome", "NAME", "outcome (default: the first)"),
        ("measure", "NAME", "covered or any_domain"),
        ("group", "NAME", "running or all truces"),
        ("across", "NAME", "name that varies, on the first axis: numbers, dates or names"),
        ("up", "NAME", 'name on the second axis; "" for a curve'),
    ):
        parser.add_argument(f"--{name}", metavar=metavar, help=text)
    parser.add_argument(
        "--at",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="value at which another name is held (repeatable; default: the middle of numbers and "
        "dates, the first of names, and which one is said; NAME= for points that leave it alone)",
    )
    parser.add_argument(
        "--point", metavar="N", type=lambda t: whole(t, 0, 10**9), help="survival of this point"
    )
    parser.add_argument(
        "--out", metavar="DIR", type=as_path, help="folder for slice.csv and slice.png, .svg"
    )


def _slice(options: argparse.Namespace) -> None:
    from negotiation_abm.plotting.slices import as_csv, look_up, write_slice
    from negotiation_abm.sweep.slices import Query

    query = Query(
        options.outcome,
        options.measure,
        options.group,
        options.across,
        options.up,
        dict(_pair(item) for item in options.at),
    )
    with reading(options.folder):
        found = look_up(options.folder, query, options.point)
    if options.out is None:
        sys.stdout.write(as_csv(found.table))
    else:
        write_slice(options.folder, found, options.out)
        print(f"written to {options.out}: slice.csv, slice.png, slice.svg")
    for note in found.notes:
        print(note, file=sys.stderr)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise InputError("--at", text, "expected NAME=VALUE; NAME= for points that leave it alone")
    return name, value
