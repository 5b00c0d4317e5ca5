"""`play`: a saved game, played again."""

import argparse
from typing import Any

from negotiation_abm.cli.options import (
    add_results,
    add_strategy_file,
    add_threads,
    as_path,
    command,
    count,
    use_strategy_files,
)
from negotiation_abm.cli.output import print_result

PLAY_EXAMPLES = """examples:
  negotiation-abm play game.json
  negotiation-abm play game.json --replicates 20000 --out results/play
  negotiation-abm plot results/play

Games are played, and saved, on the page: negotiation-abm dashboard (docs/play.md).
"""


def add(commands: Any) -> None:
    """Add what this file holds to the parser."""
    text = "play a saved game again: its log, and where it stands among simulated ones"
    parser = command(commands, "play", _play, text, PLAY_EXAMPLES)
    parser.add_argument("game", metavar="GAME.json", type=as_path, help="a game saved on the page")
    add_strategy_file(parser)
    parser.add_argument(
        "--replicates", metavar="N", type=count, default=2_000, help="simulated (default 2000)"
    )
    add_threads(parser)
    add_results(parser, "folder for play.json and tables")


def _play(options: argparse.Namespace) -> None:
    from negotiation_abm.cli.tables import progress_bar
    from negotiation_abm.cli.tables.play import print_play
    from negotiation_abm.play.schema import load_game
    from negotiation_abm.play.session import resume
    from negotiation_abm.play.step import run_play

    use_strategy_files(options)
    session = resume(load_game(options.game), options.game)
    with progress_bar(options.replicates, "runs") as progress:
        summary = run_play(session, options.replicates, options.out, options.threads, progress)
    print_result(summary, options.json, lambda: print_play(summary, options.out))
