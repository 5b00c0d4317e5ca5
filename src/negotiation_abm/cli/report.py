"""`report`: one page about a run."""

import argparse
from pathlib import Path
from typing import Any

from negotiation_abm.cli.options import command


def add(commands: Any) -> None:
    """Add what this file holds to the parser."""
    text = "write one self-contained page about the run in a folder: answer, figures, assumptions"
    parser = command(commands, "report", _report, text)
    parser.add_argument("folder", metavar="DIR", type=Path)


def _report(options: argparse.Namespace) -> None:
    from negotiation_abm.report import write_report

    print(write_report(options.folder))
