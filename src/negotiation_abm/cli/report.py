"""`report`: one page about a run or a what-if."""

import argparse
from typing import Any

from negotiation_abm.cli.options import as_path, command
from negotiation_abm.files.damage import reading

REPORT_EXAMPLES = """examples:
  negotiation-abm report results/busan_2025
  negotiation-abm report results/whatif/no_busan
  negotiation-abm report results/busan_2025 --whatif results/whatif/no_busan \\
      results/whatif/two_month_truce

Two printed pages, and one more for each what-if that is listed behind them.
"""


def add(commands: Any) -> None:
    """Add what this file holds to the parser."""
    text = (
        "write one self-contained page about the run or the what-if in a folder: answer, figures, "
        "assumptions"
    )
    parser = command(commands, "report", _report, text, REPORT_EXAMPLES)
    parser.add_argument(
        "folder", metavar="DIR", type=as_path, help="folder that `run` or `whatif` has filled"
    )
    parser.add_argument(
        "--whatif",
        metavar="DIR",
        type=as_path,
        nargs="+",
        action="extend",
        default=[],
        help="folders of what-ifs to list behind it",
    )


def _report(options: argparse.Namespace) -> None:
    from negotiation_abm.plotting.report import write_report

    with reading(options.folder, *options.whatif):
        page = write_report(options.folder, options.whatif)
    print(page)
