"""`plot`, `check`, `schema`, `list`: what works on files."""

import argparse
import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from negotiation_abm.cli.options import add_json, as_path, command
from negotiation_abm.cli.output import print_result
from negotiation_abm.files.damage import missing, reading
from negotiation_abm.files.errors import InputError

PLOT_EXAMPLES = """examples:
  negotiation-abm plot results/busan_2025
  negotiation-abm plot results/busan_2025 --figure truce_durations
  negotiation-abm plot results/busan_2025 results/cheap_breach \\
      --label "As agreed" --label "Cheap breach"
"""
CHECK_EXAMPLES = """examples:
  negotiation-abm check my_scenario.yaml my_record.csv
  negotiation-abm check my_scenario.yaml my_record.csv --json > faults.json
"""

FEW = 3  # faults of one kind that are told in full


def add(commands: Any) -> None:
    """Add what this file holds to the parser."""
    text = "draw the figures of a result folder; several run folders are compared"
    plot = command(commands, "plot", _plot, text, PLOT_EXAMPLES)
    plot.add_argument("folders", metavar="DIR", type=as_path, nargs="+")
    plot.add_argument(
        "--label",
        metavar="TEXT",
        action="append",
        default=[],
        help="name of a run in a comparison (one for each DIR, in their order)",
    )
    plot.add_argument(
        "--out",
        metavar="DIR",
        type=as_path,
        help="folder of a comparison (default: results/comparison)",
    )
    plot.add_argument(
        "--figure",
        metavar="NAME",
        action="append",
        default=[],
        help="one figure of the gallery (repeatable; default: all that the folder allows)",
    )
    text = "check scenarios, records, parameter sets, studies, facts; list every fault of a record"
    check = command(commands, "check", _check, text, CHECK_EXAMPLES)
    check.add_argument("files", metavar="FILE", nargs="+")
    check.add_argument("--json", action="store_true", help="print what was found as JSON")
    schema = command(commands, "schema", _schema, "write the JSON Schema of a scenario")
    schema.add_argument(
        "--out", metavar="FILE", type=as_path, help="file to write (default: print)"
    )
    text = "list shipped scenarios, what-ifs, parameter sets, sweeps, studies, records, episodes"
    add_json(command(commands, "list", _list, text))


def _plot(options: argparse.Namespace) -> None:
    from negotiation_abm.plotting import plot_folder
    from negotiation_abm.studies.comparison import compare

    folder, is_comparison = options.folders[0], len(options.folders) > 1
    if not is_comparison and (options.label or options.out):
        raise InputError("--label" if options.label else "--out", "", "needs several run folders")
    with reading(*options.folders):
        if is_comparison:
            folder = options.out or Path("results/comparison")
            compare(options.folders, folder, labels=options.label)
        paths = plot_folder(folder, options.figure)
    for path in paths:
        print(path)
    for path in missing(*options.folders):
        print(f"note: {path} is missing; what is made from it is left out", file=sys.stderr)


def _check(options: argparse.Namespace) -> int:
    """Good news and warnings go to standard output, faults to standard error; status 2 with any."""
    from negotiation_abm.cli.check_files import check_files

    checked = []
    for one in check_files(options.files):
        checked.append(one)
        if options.json:
            continue
        if not one.faults:
            print(f"{one.file}: {one.about}")
        for warning in one.warnings:
            print(f"warning: {warning}")
        for text in _in_few_lines(one.faults):
            print(f"error: {InputError('', '', text)}", file=sys.stderr)
    if options.json:
        print_result(_as_data(checked), True, lambda: None)
    return 2 if any(one.faults for one in checked) else 0


def _in_few_lines(faults: list[Any]) -> Iterator[str]:
    """A line for each fault; where one column has the same fault in many rows, only the first few.

    The others are named by their lines in one sentence. With ``--json`` each stands in full.
    """
    alike: dict[tuple[str, str], list[Any]] = {}
    for fault in faults:
        allowed = fault.problem.partition("; ")[2] if fault.column else ""
        same = alike.setdefault((fault.column, allowed), [])
        same.append(fault)
        if not allowed or len(same) <= FEW:
            yield str(fault)
    for (column, allowed), same in alike.items():
        if allowed and len(same) > FEW:
            lines = ", ".join(str(fault.line) for fault in same[FEW:])
            number = len(same) - FEW
            yield f"{same[0].file}: {column}: the same on {number} more lines: {lines}"


def _as_data(checked: list[Any]) -> dict[str, Any]:
    from negotiation_abm.replay.examine import as_data

    return {
        "usable": not any(one.faults for one in checked),
        "files": [
            {
                "file": one.file,
                "about": one.about,
                "errors": [as_data(fault) for fault in one.faults],
                "warnings": [as_data(fault) for fault in one.warnings],
            }
            for one in checked
        ],
    }


def _schema(options: argparse.Namespace) -> None:
    from negotiation_abm.scenario.load import Scenario

    text = json.dumps(Scenario.model_json_schema(), indent=2) + "\n"
    if options.out is None:
        sys.stdout.write(text)
        return
    try:
        options.out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(options.out, "--out", f"cannot be written ({error.strerror})") from None


def _list(options: argparse.Namespace) -> None:
    from negotiation_abm.cli.tables import plain_table, terminal
    from negotiation_abm.files.resources import root, shipped, shipped_episodes

    kinds = {
        title: shipped(folder, suffix)
        for title, folder, suffix in (
            ("scenarios", "configs", ".yaml"),
            ("what-ifs", "configs/whatifs", ".yaml"),
            ("parameter sets", "configs/parameters", ".yaml"),
            ("sweeps", "configs/sweeps", ".yaml"),
            ("studies", "configs/sensitivity", ".yaml"),
            ("records", "seeds", ".csv"),
        )
    } | {"episodes": shipped_episodes()}
    told = {
        title: {name: _title(path) for name, path in paths.items()}
        for title, paths in kinds.items()
    }

    def table() -> None:
        console = terminal()
        console.print(f"Shipped files in {root()}, by the names that commands know them by.")
        for title, names in told.items():
            rows = plain_table((title, "left"), ("", "left"))
            for name, words in names.items():
                rows.add_row(f"  {name}", words)
            console.print(rows)

    print_result(told, options.json, table)


def _title(path: Path) -> str:
    """What a shipped file is: its title, or the first sentence of its description or comment."""
    from negotiation_abm.files.resources import read_text
    from negotiation_abm.files.yaml_text import read_yaml

    if path.suffix != ".yaml":
        return ""
    data = read_yaml(path)
    comment = itertools.takewhile(lambda line: line.startswith("#"), read_text(path).splitlines())
    words = data.get("description") or " ".join(line.strip("# ") for line in comment)
    return str(data.get("title") or words.split(". ")[0].rstrip("."))
