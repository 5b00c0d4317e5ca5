"""`surprise`: how unexpected each recorded move was, and what it cost."""

import argparse
from typing import Any

from negotiation_abm.cli.options import (
    add_common,
    add_record,
    add_runs,
    command,
    count,
    folder_of,
    game_of,
    record_of,
)
from negotiation_abm.cli.output import print_result


def add(commands: Any) -> None:
    """Add what this file holds to the parser."""
    text = "say how unexpected each recorded move was, and what it cost against the best reply"
    parser = command(commands, "surprise", _surprise, text)
    add_common(parser, "folder for the results (default: results/surprise/NAME)")
    add_record(parser)
    parser.add_argument(
        "--weeks", metavar="N", type=count, default=26, help="weeks of payoff ahead (default 26)"
    )
    add_runs(parser, 2_000, "runs an option")


def _surprise(options: argparse.Namespace) -> None:
    from negotiation_abm.cli.tables import progress_bar
    from negotiation_abm.cli.tables.surprise import print_surprise
    from negotiation_abm.studies.surprise import moments, run_surprise

    game = game_of(options)
    record = record_of(options, game)
    found = moments(game, record)  # bad input shows before any file or long work
    out = folder_of(options, "surprise", game.scenario.name)
    with progress_bar(len(found), "moves") as progress:
        summary = run_surprise(
            game,
            record,
            options.replicates,
            options.seed,
            out,
            options.weeks,
            options.threads,
            progress,
        )
    print_result(summary, options.json, lambda: print_surprise(summary, out))
