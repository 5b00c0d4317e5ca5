"""`calibrate`, `validate` and `forecast`."""

import argparse
import datetime as dt
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from negotiation_abm.cli.options import (
    add_common,
    changes_of,
    command,
    count,
    date_of,
    game_of,
    record_of,
    seed,
    whole,
)
from negotiation_abm.cli.output import print_result
from negotiation_abm.files.errors import InputError, suggest

CALIBRATE_EXAMPLES = """examples:
  negotiation-abm calibrate baseline_2025 --out results/fit
  negotiation-abm calibrate baseline_2025 --moments moments_2025 --draws 1000 --out results/fit
"""

VALIDATE_EXAMPLES = """examples:
  negotiation-abm validate --params calibrated_2025
  negotiation-abm validate --scores-only
  negotiation-abm validate --record other.csv --scenario other.yaml
"""

FORECAST_EXAMPLES = """examples:
  negotiation-abm forecast busan_2025 --known 2025-12-31
"""


SHORTEST_CHAIN = 10  # draws below which no diagnostics can be made


def add(commands: Any) -> None:
    """Add what this file holds to the parser."""
    _add_calibrate(commands)
    _add_validate(commands)
    _add_forecast(commands)


def _add_calibrate(commands: Any) -> None:
    text = "fit the payoff parameters to a record and say what it identifies"
    parser = command(commands, "calibrate", _calibrate, text, CALIBRATE_EXAMPLES)
    add_common(parser, "folder for the parameter set, profiles and report")
    parser.add_argument("--record", metavar="FILE", help="record (default: scenario's)")
    parser.add_argument("--priors", metavar="FILE", default="priors", help="priors of the fit")
    parser.add_argument(
        "--certainty",
        metavar="LIST",
        help="count only moves of these certainties, such as seed,outside",
    )
    parser.add_argument(
        "--packages",
        choices=("main", "split"),
        default="main",
        help="a package is one decision on its main lever (default), or one for each measure",
    )
    parser.add_argument(
        "--name", default="likelihood_2025", help="name of the parameter set that is written"
    )
    parser.add_argument(
        "--moments", metavar="FILE", help="moments of free runs to fit as well, as moments_2025"
    )
    parser.add_argument(
        "--draws", metavar="N", type=_chain, default=0, help="posterior draws a chain (of four)"
    )
    parser.add_argument("--seed", metavar="S", type=seed, default=1, help="seed (default 1)")


def _add_validate(commands: Any) -> None:
    text = "hold a parameter set against a record, and free runs against its patterns"
    parser = command(commands, "validate", _validate, text, VALIDATE_EXAMPLES)
    add_common(parser, "folder for the tables and validation.json", "baseline_2025")
    parser.add_argument("--record", metavar="FILE", help="record (default: scenario's)")
    parser.add_argument("--priors", metavar="FILE", default="priors", help="priors of the fits")
    parser.add_argument("--params", metavar="NAME", help="parameter set, by name or path")
    parser.add_argument(
        "--scores-only", action="store_true", help="no free runs, lever response or controls"
    )
    parser.add_argument(
        "--draws", metavar="N", type=count, default=100, help="posterior draws (default 100)"
    )
    parser.add_argument(
        "--runs", metavar="N", type=count, default=10, help="free runs a draw (default 10)"
    )
    parser.add_argument("--seed", metavar="S", type=seed, default=1, help="seed (default 1)")


def _add_forecast(commands: Any) -> None:
    text = "how long the truce in force will last, parameter and process uncertainty apart"
    parser = command(commands, "forecast", _forecast, text, FORECAST_EXAMPLES)
    add_common(parser, "folder for the tables and forecast.json", "busan_2025")
    parser.add_argument("--params", metavar="NAME", help="calibrated set, by name or path")
    parser.add_argument("--known", metavar="DATE", type=_date, help="the truce stood on that day")
    parser.add_argument(
        "--draws", metavar="N", type=count, default=400, help="posterior draws (default 400)"
    )
    parser.add_argument(
        "--replicates", metavar="N", type=_several, default=500, help="runs a draw (default 500)"
    )
    parser.add_argument("--seed", metavar="S", type=seed, default=1, help="seed (default 1)")


def _date(text: str) -> dt.date:
    try:
        return date_of(text, "")
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _several(text: str) -> int:
    return whole(text, 2, 10**9)


def _chain(text: str) -> int:
    return whole(text, SHORTEST_CHAIN, 10**9)


def _calibrate(options: argparse.Namespace) -> None:
    from negotiation_abm.calibration.joint import POINTS, ROUNDS
    from negotiation_abm.calibration.run import calibrate
    from negotiation_abm.cli.tables import progress_bar
    from negotiation_abm.cli.tables.calibration import print_calibration
    from negotiation_abm.files.folder import prepare
    from negotiation_abm.record.load import CERTAINTIES

    if Path(options.name).name != options.name:
        raise InputError("--name", options.name, "not the name of a file; --out gives the folder")
    game = game_of(options)
    certainty = tuple(options.certainty.split(",")) if options.certainty else None
    for name in certainty or ():
        if name not in CERTAINTIES:
            raise InputError("--certainty", name, suggest(name, CERTAINTIES))
    record = record_of(options, game)
    if options.out:
        prepare(options.out)
    with progress_bar(ROUNDS * POINTS, "points") as progress:
        summary = calibrate(
            game,
            record,
            options.out,
            priors=options.priors,
            certainty=certainty,
            name=options.name,
            moments=options.moments,
            draws=options.draws,
            seed=options.seed,
            packages=options.packages,
            progress=progress,
        )
    print_result(
        summary, options.json, lambda: print_calibration(summary, options.out, options.name)
    )


def _validate(options: argparse.Namespace) -> None:
    from negotiation_abm.calibration.validate import Effort, validate
    from negotiation_abm.cli.tables import stages
    from negotiation_abm.cli.tables.calibration import print_validation
    from negotiation_abm.files.folder import prepare
    from negotiation_abm.strategies import outside
    from negotiation_abm.sweep.executors import processes

    if options.params:
        options.set.append(f"parameters={options.params}")
    game = game_of(options)
    record = record_of(options, game)
    if options.out:
        prepare(options.out)
    with ExitStack() as stack:
        effort, progress = None, stack.enter_context(stages())
        if not options.scores_only:
            # A process started afresh does not know strategies that came from files.
            team = None if outside() else stack.enter_context(processes())
            effort = Effort(
                draws=options.draws,
                runs=options.runs,
                seed=options.seed,
                changes=changes_of(options),
                executor=team.executor if team else None,
            )
        found = validate(game, record, options.out, options.priors, effort, progress)
    print_result(found.summary, options.json, lambda: print_validation(found, options.out))


def _forecast(options: argparse.Namespace) -> None:
    from negotiation_abm.calibration.forecast_step import make_forecast
    from negotiation_abm.cli.tables import progress_bar
    from negotiation_abm.cli.tables.calibration import print_forecast
    from negotiation_abm.files.folder import prepare

    if options.params:
        options.set.append(f"parameters={options.params}")
    game = game_of(options)
    if options.out:
        prepare(options.out)
    with progress_bar(options.draws, "draws") as progress:
        _, summary = make_forecast(
            game,
            options.draws,
            options.replicates,
            options.seed,
            options.known,
            options.out,
            progress,
        )
    print_result(summary, options.json, lambda: print_forecast(summary, options.out))
