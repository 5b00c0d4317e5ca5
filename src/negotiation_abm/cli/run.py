"""`run`: one scenario many times."""

import argparse
from typing import Any

from negotiation_abm.cli.options import (
    add_common,
    add_draws,
    add_runs,
    command,
    count,
    folder_of,
    game_of,
)
from negotiation_abm.cli.output import print_result

RUN_EXAMPLES = """examples:
  negotiation-abm run baseline_2025
  negotiation-abm run busan_2025 --replicates 100000 --seed 7 --threads 2
  negotiation-abm run busan_2025 --set breach_cost=1.5 --set levers.CHINA.rare_earths.weight=0
"""


def add(commands: Any) -> None:
    """Add what this file holds to the parser."""
    text = "simulate a scenario many times and summarise how long truces last"
    parser = command(commands, "run", _run, text, RUN_EXAMPLES)
    add_common(parser, "folder for the results (default: results/NAME)")
    add_runs(parser, 10_000)
    add_draws(parser)
    parser.add_argument(
        "--chunk-size",
        metavar="N",
        type=count,
        default=2_000,
        help="runs a unit of work; does not change the result (default 2000)",
    )


def _run(options: argparse.Namespace) -> None:
    from negotiation_abm.cli.tables import progress_bar
    from negotiation_abm.cli.tables.run import print_run
    from negotiation_abm.run.posterior import has_draws
    from negotiation_abm.run.sizes import RUNS
    from negotiation_abm.run.step import run_batch

    game = game_of(options)
    out = folder_of(options, game.scenario.name)
    of_draws = options.draws * RUNS if has_draws(game.parameter_set) else 0
    with progress_bar(options.replicates + of_draws, "runs") as progress:
        summary = run_batch(
            game,
            options.replicates,
            options.seed,
            out,
            options.threads,
            options.chunk_size,
            progress,
            options.draws,
        )
    print_result(summary, options.json, lambda: print_run(summary, out))
