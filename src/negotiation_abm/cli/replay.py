"""`replay`: the record through the rules."""

import argparse
from typing import Any

from negotiation_abm.cli.options import add_common, add_record, command, game_of, record_of
from negotiation_abm.cli.output import print_result

REPLAY_EXAMPLES = """examples:
  negotiation-abm replay baseline_2025
  negotiation-abm replay configs/baseline_2025.yaml --json > replay.json
  negotiation-abm replay my_scenario.yaml --record my_record.csv --out results/mine
"""


def add(commands: Any) -> None:
    """Add what this file holds to the parser."""
    text = "replay a record through the rules: state by week, probability of each move"
    parser = command(commands, "replay", _replay, text, REPLAY_EXAMPLES)
    text = "folder for replay.json, its tables (weeks, decisions, moves, threats), manifest.json"
    add_common(parser, text)
    add_record(parser, "record to replay")
    parser.add_argument(
        "--skip-illegal",
        action="store_true",
        help="list recorded moves that the rules do not allow instead of stopping",
    )


def _replay(options: argparse.Namespace) -> None:
    from negotiation_abm.cli.tables.replay import print_replay
    from negotiation_abm.replay.replay import replay_record
    from negotiation_abm.replay.step import replay_summary, write_replay

    game = game_of(options)
    record = record_of(options, game)
    if options.out:
        result = write_replay(game, record, options.out, options.skip_illegal)
    else:
        result = replay_record(game, record, options.skip_illegal)
    summary = replay_summary(result)
    print_result(summary, options.json, lambda: print_replay(summary, options.out))
