"""`calibrate` and `validate`."""

import argparse
import json
from typing import Any

from negotiation_abm.cli.options import add_common, command, count, game_of, record_of, seed
from negotiation_abm.errors import InputError, nearest


def add(commands: Any) -> None:
    """Add what this file holds to the parser."""
    text = "fit the payoff parameters to a record and say what it identifies"
    parser = command(commands, "calibrate", _calibrate, text)
    add_common(parser, "folder for the parameter set, profiles and report")
    parser.add_argument("--record", metavar="FILE", help="record (default: scenario's)")
    parser.add_argument("--priors", metavar="FILE", default="priors", help="priors of the fit")
    parser.add_argument(
        "--certainty",
        metavar="LIST",
        help="count only moves of these certainties, such as seed,outside",
    )
    parser.add_argument(
        "--name", default="likelihood_2025", help="name of the parameter set that is written"
    )
    parser.add_argument(
        "--moments", metavar="FILE", help="moments of free runs to fit as well, as moments_2025"
    )
    parser.add_argument(
        "--draws", metavar="N", type=count, default=0, help="posterior draws a chain (of four)"
    )
    parser.add_argument("--seed", metavar="S", type=seed, default=1, help="seed (default 1)")
    text = "score a record: as given, and leaving out a month at a time, against simple statistics"
    parser = command(commands, "validate", _validate, text)
    add_common(parser, "folder for scores.csv and validation.json")
    parser.add_argument("--record", metavar="FILE", help="record (default: scenario's)")
    parser.add_argument("--priors", metavar="FILE", default="priors", help="priors of the fits")
    parser.add_argument("--params", metavar="NAME", help="parameter set, by name or path")


def _calibrate(options: argparse.Namespace) -> None:
    from negotiation_abm.calibration.run import calibrate
    from negotiation_abm.console.studies import print_calibration
    from negotiation_abm.record import CERTAINTIES

    game = game_of(options)
    certainty = tuple(options.certainty.split(",")) if options.certainty else None
    for name in certainty or ():
        if name not in CERTAINTIES:
            raise InputError("--certainty", name, nearest(name, CERTAINTIES))
    record = record_of(options, game)
    summary = calibrate(
        game,
        record,
        options.out,
        options.priors,
        certainty,
        options.name,
        options.moments,
        options.draws,
        options.seed,
    )
    if options.json:
        print(json.dumps(summary, indent=2))
    else:
        print_calibration(summary, options.out, options.name)


def _validate(options: argparse.Namespace) -> None:
    from negotiation_abm.calibration.run import validate
    from negotiation_abm.console.studies import print_validation

    if options.params:
        options.set.append(f"parameters={options.params}")
    game = game_of(options)
    summary = validate(game, record_of(options, game), options.out, options.priors)
    if options.json:
        print(json.dumps(summary, indent=2))
    else:
        print_validation(summary)
