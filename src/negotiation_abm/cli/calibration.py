"""`calibrate`, `validate` and `forecast`."""

import argparse
import datetime as dt
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
  negotiation-abm calibrate --pool seven --out results/fit
  negotiation-abm calibrate --pool seven --only calibrated_2025 --until 2025-10-09 --out results/fit
  negotiation-abm calibrate baseline_2025 --draws 1000 --out results/fit
"""

VALIDATE_EXAMPLES = """examples:
  negotiation-abm validate --pool seven
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
    text = "fit the payoff parameters to a pool of episodes, or to one record alone"
    parser = command(commands, "calibrate", _calibrate, text, CALIBRATE_EXAMPLES)
    add_common(parser, "folder for the parameter sets and what they rest on", "baseline_2025")
    pooled = parser.add_argument_group("a pool of episodes")
    pooled.add_argument("--pool", metavar="FILE", help="pool, by shipped name or path")
    pooled.add_argument(
        "--only", metavar="NAME", action="append", help="this set of the pool alone (repeatable)"
    )
    pooled.add_argument(
        "--until", metavar="DATE", type=day, help="what lies after this day is not known"
    )
    alone = parser.add_argument_group("one record")
    alone.add_argument("--record", metavar="FILE", help="record (default: scenario's)")
    alone.add_argument("--priors", metavar="FILE", default="priors", help="priors of the fit")
    alone.add_argument(
        "--certainty",
        metavar="LIST",
        help="count only moves of these certainties, such as seed,outside",
    )
    alone.add_argument(
        "--packages",
        choices=("main", "split"),
        default="main",
        help="a package is one decision on its main lever (default), or one for each measure",
    )
    alone.add_argument(
        "--name", default="likelihood_2025", help="name of the parameter set that is written"
    )
    parser.add_argument(
        "--draws",
        metavar="N",
        type=chain,
        help="posterior draws a chain of four (default: 500 of a pool, none of one record)",
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
        "--pool", metavar="FILE", help="leave out each episode of this pool once, instead"
    )
    parser.add_argument(
        "--scores-only", action="store_true", help="no free runs, lever response or controls"
    )
    parser.add_argument(
        "--draws",
        metavar="N",
        type=count,
        help="posterior draws (default 100; of a pool 100, for each of two chains)",
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
    parser.add_argument("--known", metavar="DATE", type=day, help="the truce stood on that day")
    parser.add_argument(
        "--draws", metavar="N", type=count, default=400, help="posterior draws (default 400)"
    )
    parser.add_argument(
        "--replicates", metavar="N", type=_several, default=500, help="runs a draw (default 500)"
    )
    parser.add_argument("--seed", metavar="S", type=seed, default=1, help="seed (default 1)")


def day(text: str) -> dt.date:
    """A date on the command line."""
    try:
        return date_of(text, "")
    except InputError:
        problem = f"'{text}' is not a date; allowed: YYYY-MM-DD, years 1000 to 3000"
        raise argparse.ArgumentTypeError(problem) from None


def _several(text: str) -> int:
    return whole(text, 2, 10**9)


def chain(text: str) -> int:
    """Posterior draws of a chain on the command line: enough of them for diagnostics."""
    return whole(text, SHORTEST_CHAIN, 10**9)


def _calibrate(options: argparse.Namespace) -> None:
    if options.pool:
        _calibrate_pool(options)
        return
    from negotiation_abm.calibration.run import calibrate
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
    for name in ("only", "until"):
        if getattr(options, name) is not None:
            raise InputError(f"--{name}", "", "is of a pool; name one with --pool")
    summary = calibrate(
        game,
        record,
        options.out,
        priors=options.priors,
        certainty=certainty,
        name=options.name,
        draws=options.draws or 0,
        seed=options.seed,
        packages=options.packages,
    )
    print_result(
        summary, options.json, lambda: print_calibration(summary, options.out, options.name)
    )


def _pool_of(options: argparse.Namespace) -> Any:
    """The pool that the options name, with their changes."""
    from dataclasses import replace

    from negotiation_abm.calibration.pool_file import load_pool

    named = options.named or options.scenario
    if named:
        raise InputError("--pool", options.pool, f"{named} is given as well; name one")
    if options.record:
        raise InputError("--record", options.record, "a pool names its episodes itself")
    pool = load_pool(options.pool)
    return replace(pool, changes=pool.changes | changes_of(options))


def _calibrate_pool(options: argparse.Namespace) -> None:
    from negotiation_abm.calibration.pool_step import DRAWS, calibrate_pool
    from negotiation_abm.cli.tables import progress_bar
    from negotiation_abm.cli.tables.pool import print_pool
    from negotiation_abm.files.folder import prepare

    pool = _pool_of(options)
    if options.out:
        prepare(options.out)
    with progress_bar(len(options.only or pool.sets), "sets") as progress:
        summary = calibrate_pool(
            pool,
            options.out,
            options.only or (),
            options.until,
            options.draws or DRAWS,
            options.seed,
            progress,
        )
    print_result(summary, options.json, lambda: print_pool(summary, options.out))


def _validate(options: argparse.Namespace) -> None:
    if options.pool:
        _validate_pool(options)
        return
    from negotiation_abm.calibration.validate import Effort, validate
    from negotiation_abm.cli.tables import stages
    from negotiation_abm.cli.tables.calibration import print_validation
    from negotiation_abm.files.folder import prepare

    if options.params:
        options.set.append(f"parameters={options.params}")
    game = game_of(options)
    record = record_of(options, game)
    if options.out:
        prepare(options.out)
    free = Effort(
        draws=options.draws or Effort.draws,
        runs=options.runs,
        seed=options.seed,
        changes=changes_of(options),
    )
    effort = None if options.scores_only else free
    with stages() as progress:
        found = validate(game, record, options.out, options.priors, effort, progress)
    print_result(found.summary, options.json, lambda: print_validation(found, options.out))


def _validate_pool(options: argparse.Namespace) -> None:
    from negotiation_abm.calibration.left_out import DRAWS
    from negotiation_abm.calibration.pool_validation import validate_pool
    from negotiation_abm.cli.tables import stages
    from negotiation_abm.cli.tables.pool import print_pool_validation
    from negotiation_abm.files.folder import prepare

    if options.params:
        raise InputError("--params", options.params, "of a pool every episode is fitted anew")
    pool = _pool_of(options)
    draws = DRAWS if options.draws is None else options.draws
    if draws < SHORTEST_CHAIN:
        raise InputError("--draws", str(draws), f"allowed: {SHORTEST_CHAIN} or more")
    if options.out:
        prepare(options.out)
    with stages() as progress:
        found = validate_pool(
            pool, options.out, draws, options.seed, not options.scores_only, progress
        )
    print_result(found.summary, options.json, lambda: print_pool_validation(found, options.out))


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
