"""`plot`, `check`, `schema`, `list`: what works on files."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from negotiation_abm.cli.options import command
from negotiation_abm.files.damage import reading
from negotiation_abm.files.errors import InputError


def add(commands: Any) -> None:
    """Add what this file holds to the parser."""
    plot = command(commands, "plot", _plot, "draw the figures of a result folder")
    plot.add_argument("folder", metavar="DIR", type=Path)
    plot.add_argument(
        "--figure",
        metavar="NAME",
        action="append",
        default=[],
        help="one figure of the gallery (repeatable; default: all that the folder allows)",
    )
    check = command(
        commands, "check", _check, "check scenarios, records, parameter sets, studies, facts"
    )
    check.add_argument("files", metavar="FILE", nargs="+")
    schema = command(commands, "schema", _schema, "write the JSON Schema of a scenario")
    schema.add_argument("--out", metavar="FILE", type=Path, help="file to write (default: print)")
    text = "list shipped scenarios, parameter sets, sweeps, studies, records"
    command(commands, "list", _list, text)


def _plot(options: argparse.Namespace) -> None:
    from negotiation_abm.plotting import plot_folder

    with reading(options.folder):
        paths = plot_folder(options.folder, options.figure)
    for path in paths:
        print(path)


def _check(options: argparse.Namespace) -> None:
    from negotiation_abm.cli.check_files import check_files

    for line in check_files(options.files):
        print(line)


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
    from negotiation_abm.files.resources import root, shipped, shipped_episodes

    print(f"shipped files in {root()}")
    for title, folder, suffix in (
        ("scenarios", "configs", ".yaml"),
        ("what-ifs", "configs/whatifs", ".yaml"),
        ("parameter sets", "configs/parameters", ".yaml"),
        ("sweeps", "configs/sweeps", ".yaml"),
        ("studies", "configs/sensitivity", ".yaml"),
        ("records", "seeds", ".csv"),
    ):
        print(f"{title}: {', '.join(shipped(folder, suffix))}")
    print(f"episodes: {', '.join(shipped_episodes())}")
