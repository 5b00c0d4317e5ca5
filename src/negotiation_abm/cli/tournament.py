"""`tournament`: every strategy against every other."""

import argparse
from typing import Any

from negotiation_abm.cli.options import add_common, add_runs, command, folder_of, game_of
from negotiation_abm.cli.output import print_result
from negotiation_abm.files.errors import InputError

TOURNAMENT_EXAMPLES = """examples:
  negotiation-abm tournament baseline_2025
  negotiation-abm tournament baseline_2025 --strategies logit,tit_for_tat,grim --noise 0.05
  negotiation-abm tournament busan_2025 --strategy-file my_strategy.py --replicates 200
"""


def add(commands: Any) -> None:
    """Add what this file holds to the parser."""
    text = "play every strategy against every other, on both sides, with the same draws"
    parser = command(commands, "tournament", _tournament, text, TOURNAMENT_EXAMPLES)
    add_common(parser, "folder for the results (default: results/tournament/NAME)")
    parser.add_argument(
        "--strategies", metavar="LIST", help="names with commas between (default: all)"
    )
    parser.add_argument(
        "--noise", metavar="SHARE", type=float, help="share of moves that slip, on both sides"
    )
    add_runs(parser, 1_000, "runs a pair")


def _tournament(options: argparse.Namespace) -> None:
    from negotiation_abm.cli.tables import progress_bar
    from negotiation_abm.cli.tables.tournament import print_tournament
    from negotiation_abm.studies.tournament.run import check_needs, entrants, run_tournament

    if options.noise is not None:
        if not 0.0 <= options.noise <= 1.0:
            raise InputError("--noise", str(options.noise), "allowed: 0 to 1")
        options.set.append(f"noise={options.noise}")
    game = game_of(options)
    names = entrants(options.strategies.split(",") if options.strategies else None)
    check_needs(game, names)
    out = folder_of(options, "tournament", game.scenario.name)
    with progress_bar(len(names) ** 2 * options.replicates, "runs") as progress:
        summary = run_tournament(
            game, names, options.replicates, options.seed, out, options.threads, progress
        )
    print_result(summary, options.json, lambda: print_tournament(summary, out))
