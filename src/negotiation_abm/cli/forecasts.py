"""`ask`: a forecast that is kept."""

import argparse
import datetime as dt
from typing import Any

from negotiation_abm.cli.calibration import chain, day
from negotiation_abm.cli.options import add_results, command, count, seed
from negotiation_abm.cli.output import print_result

ASK_EXAMPLES = """examples:
  negotiation-abm ask us_china_2018 --known 2018-12-30
  negotiation-abm ask us_china_2026 --known 2026-10-08 --on 2027-01-10 --out docs/forecasts
"""


def add(commands: Any) -> None:
    """Add what this file holds to the parser."""
    text = "fit a pool to what was known on a day, and ask what comes next; the answers are kept"
    parser = command(commands, "ask", _ask, text, ASK_EXAMPLES)
    parser.add_argument("name", metavar="EPISODE", help="the dispute, a scenario with a record")
    text = "the cut-off: nothing later is used"
    parser.add_argument("--known", metavar="DATE", type=day, required=True, help=text)
    parser.add_argument("--pool", metavar="FILE", default="seven", help="pool (default seven)")
    text = "also ask whether the truce stands on this day (repeatable)"
    parser.add_argument("--on", metavar="DATE", type=day, action="append", default=[], help=text)
    text = "the day on which the forecast is made (default today); it stands in the file's name"
    parser.add_argument("--made", metavar="DATE", type=day, help=text)
    text = "posterior draws a chain of four (default 200); 100 of all draws are played"
    parser.add_argument("--draws", metavar="N", type=chain, default=200, help=text)
    text = "runs of each draw that is played (default 200)"
    parser.add_argument("--replicates", metavar="N", type=count, default=200, help=text)
    parser.add_argument("--seed", metavar="S", type=seed, default=1, help="seed (default 1)")
    add_results(parser, "folder for the file of the forecast; a file is never overwritten")


def _ask(options: argparse.Namespace) -> None:
    from negotiation_abm.calibration.forecast_file import DRAWS, keep_forecast
    from negotiation_abm.calibration.pool_file import load_pool
    from negotiation_abm.cli.tables import progress_bar
    from negotiation_abm.cli.tables.forecasts import print_forecast_file

    with progress_bar(DRAWS, "draws") as progress:
        found = keep_forecast(
            load_pool(options.pool),
            options.name,
            options.known,
            options.made or dt.date.today(),
            options.out,
            options.draws,
            runs=options.replicates,
            seed=options.seed,
            extra=options.on,
            progress=progress,
        )
    print_result(found, options.json, lambda: print_forecast_file(found, options.out))
