"""`equilibrium`: the stage game of a recorded week."""

import argparse
from typing import Any

from negotiation_abm.cli.options import (
    add_common,
    add_record,
    add_seed,
    command,
    count,
    date_of,
    folder_of,
    game_of,
    record_of,
)
from negotiation_abm.cli.output import print_result

EQUILIBRIUM_EXAMPLES = """examples:
  negotiation-abm equilibrium baseline_2025 --at 2025-04-07 --at 2025-10-06 --at 2025-10-27
"""


def add(commands: Any) -> None:
    """Add what this file holds to the parser."""
    text = "solve the stage game of recorded weeks (Nash, quantal response) beside simulated moves"
    parser = command(commands, "equilibrium", _equilibrium, text, EQUILIBRIUM_EXAMPLES)
    add_common(parser, "folder for the results (default: results/equilibrium/NAME)")
    add_record(parser)
    parser.add_argument(
        "--at",
        metavar="DATE",
        action="append",
        required=True,
        help="a week, by a date (repeatable)",
    )
    parser.add_argument(
        "--replicates", metavar="N", type=count, default=4_000, help="draws (default 4000)"
    )
    add_seed(parser)


def _equilibrium(options: argparse.Namespace) -> None:
    from negotiation_abm.cli.tables import progress_bar
    from negotiation_abm.cli.tables.equilibrium import print_equilibrium
    from negotiation_abm.studies.equilibrium.run import run_equilibrium

    game = game_of(options)
    record = record_of(options, game)
    dates = [date_of(text, "--at") for text in options.at]
    run_equilibrium(game, record, dates, 1, options.seed)  # bad input shows before any file
    out = folder_of(options, "equilibrium", game.scenario.name)
    with progress_bar(options.replicates * len(dates), "runs") as progress:
        summary = run_equilibrium(
            game, record, dates, options.replicates, options.seed, out, progress
        )
    print_result(summary, options.json, lambda: print_equilibrium(summary, out))
