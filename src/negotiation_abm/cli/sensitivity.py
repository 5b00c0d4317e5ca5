"""`sensitivity`: which factors decide an outcome."""

import argparse
from pathlib import Path
from typing import Any

from negotiation_abm.cli.options import add_results, add_threads, command, folder_of
from negotiation_abm.cli.output import print_result
from negotiation_abm.files.damage import reading

EXAMPLES = """examples:
  negotiation-abm sensitivity busan_drivers --out results/drivers
  negotiation-abm sensitivity my_study.yaml
  negotiation-abm sensitivity results/drivers
      the indices anew, from the points in the folder
"""


def add(commands: Any) -> None:
    """Add what this file holds to the parser."""
    text = "which parameters and levers decide an outcome: Sobol indices or Morris screening"
    parser = command(commands, "sensitivity", _sensitivity, text, EXAMPLES)
    parser.add_argument("study", metavar="STUDY", help="path, shipped name, or a result folder")
    add_threads(parser)
    add_results(parser, "folder (default: results/NAME)")


def _sensitivity(options: argparse.Namespace) -> None:
    from negotiation_abm.cli.tables import progress_bar
    from negotiation_abm.cli.tables.sensitivity import print_sensitivity
    from negotiation_abm.studies.sensitivity.design import num_points
    from negotiation_abm.studies.sensitivity.run import analyse, run_study
    from negotiation_abm.studies.sensitivity.spec import load_spec

    folder = Path(options.study)
    if folder.is_dir():
        with reading(folder):
            out, table = folder, analyse(folder)
    else:
        spec = load_spec(options.study)
        out = folder_of(options, spec.name)
        with progress_bar(num_points(spec), "points") as progress:
            table = run_study(spec, out, options.threads, progress)
    rows = [dict(row) for _, row in table.iterrows()]
    print_result(rows, options.json, lambda: print_sensitivity(rows, out))
