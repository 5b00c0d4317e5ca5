"""The command line: parse, call one function, print. No logic lives here."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from negotiation_abm.errors import InputError, nearest

EXAMPLES = """examples:
  negotiation-abm replay baseline_2025
      put the recorded moves of 2025 through the rules of the game
  negotiation-abm run busan_2025 --replicates 10000 --seed 7
      simulate the Busan truce ten thousand times; tables in results/busan_2025
  negotiation-abm plot results/busan_2025
      draw what a result folder holds
  negotiation-abm check my_scenario.yaml my_record.csv
      check files before using them

SCENARIO is a path or the name of a shipped scenario (negotiation-abm list).
"""

RUN_EXAMPLES = """examples:
  negotiation-abm run baseline_2025
  negotiation-abm run busan_2025 --replicates 100000 --seed 7 --threads 2
  negotiation-abm run busan_2025 --set breach_cost=1.5 --set levers.CHINA.rare_earths.weight=0
"""

REPLAY_EXAMPLES = """examples:
  negotiation-abm replay baseline_2025
  negotiation-abm replay configs/baseline_2025.yaml --json > replay.json
  negotiation-abm replay my_scenario.yaml --record my_record.csv --out results/mine
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status (2 for bad input)."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options) or 0
        sys.stdout.flush()
        return status
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted: nothing of the unfinished step was kept", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of a pipe has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="negotiation-abm",
        description="How long does a US-China truce last, and what ends it? "
        "Replay the record of 2025, simulate truces, plot how long they last.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_replay(commands)
    _add_run(commands)
    _add_calibrate(commands)
    _add_mechanisms(commands)
    plot = _command(commands, "plot", _plot, "draw the figures of a result folder")
    plot.add_argument("folder", metavar="DIR", type=Path)
    check = _command(commands, "check", _check, "check scenarios, records, parameter sets, facts")
    check.add_argument("files", metavar="FILE", nargs="+")
    schema = _command(commands, "schema", _schema, "write the JSON Schema of a scenario")
    schema.add_argument("--out", metavar="FILE", type=Path, help="file to write (default: print)")
    _command(commands, "list", _list, "list shipped scenarios, parameter sets and records")
    return parser


def _version() -> str:
    from negotiation_abm import __version__

    return f"negotiation-abm {__version__}"


def _command(
    commands: Any, name: str, run: Callable[[Any], int | None], text: str, epilog: str = ""
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=text,
        description=text[0].upper() + text[1:] + ".",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser


def _add_common(parser: argparse.ArgumentParser, out: str) -> None:
    parser.add_argument("scenario", metavar="SCENARIO", help="path or shipped name")
    parser.add_argument(
        "--set",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="replace a parameter or a place of the scenario, by dotted name (repeatable)",
    )
    parser.add_argument("--out", metavar="DIR", type=Path, help=out)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def _add_replay(commands: Any) -> None:
    text = "replay a record through the rules: state by week, probability of each move"
    parser = _command(commands, "replay", _replay, text, REPLAY_EXAMPLES)
    _add_common(parser, "folder for replay.csv, decisions.csv, replay.json, manifest.json")
    parser.add_argument("--record", metavar="FILE", help="record to replay (default: scenario's)")
    parser.add_argument(
        "--skip-illegal",
        action="store_true",
        help="list recorded moves that the rules do not allow instead of stopping",
    )


def _add_run(commands: Any) -> None:
    text = "simulate a scenario many times and summarise how long truces last"
    parser = _command(commands, "run", _run, text, RUN_EXAMPLES)
    _add_common(parser, "folder for the results (default: results/NAME)")
    parser.add_argument(
        "--replicates", metavar="N", type=_count, default=10_000, help="runs (default 10000)"
    )
    parser.add_argument("--seed", metavar="S", type=_seed, default=1, help="seed (default 1)")
    parser.add_argument("--threads", metavar="N", type=_count, help="threads (default: all cores)")
    parser.add_argument(
        "--chunk-size",
        metavar="N",
        type=_count,
        default=2_000,
        help="runs a unit of work; does not change the result (default 2000)",
    )


def _add_calibrate(commands: Any) -> None:
    text = "fit the payoff parameters to a record and say what it identifies"
    parser = _command(commands, "calibrate", _calibrate, text)
    _add_common(parser, "folder for the parameter set, profiles and report")
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
        "--draws", metavar="N", type=_count, default=0, help="posterior draws a chain (of four)"
    )
    parser.add_argument("--seed", metavar="S", type=_seed, default=1, help="seed (default 1)")
    text = "score a record: as given, and leaving out a month at a time, against simple statistics"
    parser = _command(commands, "validate", _validate, text)
    _add_common(parser, "folder for scores.csv and validation.json")
    parser.add_argument("--record", metavar="FILE", help="record (default: scenario's)")
    parser.add_argument("--priors", metavar="FILE", default="priors", help="priors of the fits")
    parser.add_argument("--params", metavar="NAME", help="parameter set, by name or path")


def _add_mechanisms(commands: Any) -> None:
    text = "switch each module on alone and show what it does to truces, paired"
    parser = _command(commands, "mechanisms", _mechanisms, text)
    parser.add_argument(
        "--replicates", metavar="N", type=_count, default=50_000, help="runs (default 50000)"
    )
    parser.add_argument("--seed", metavar="S", type=_seed, default=1, help="seed (default 1)")
    parser.add_argument("--threads", metavar="N", type=_count, help="threads (default: all cores)")
    parser.add_argument("--out", metavar="DIR", type=Path, help="folder for mechanisms.csv")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def _count(text: str) -> int:
    return _whole(text, 1, 10**12)


def _seed(text: str) -> int:
    return _whole(text, 0, 2**64 - 1)


def _whole(text: str, low: int, high: int) -> int:
    try:
        value = int(text)
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        problem = f"'{text}' is not a whole number; allowed: {low} to {high}"
        raise argparse.ArgumentTypeError(problem)
    return value


def _changes(options: argparse.Namespace) -> dict[str, Any]:
    """The ``--set`` options as names and values."""
    import yaml

    from negotiation_abm.resources import parse_yaml

    changes = {}
    for item in options.set:
        name, equals, text = item.partition("=")
        if not equals or not name:
            raise InputError("--set", item, "expected NAME=VALUE")
        try:
            changes[name] = parse_yaml(text)
        except (yaml.YAMLError, ValueError):
            raise InputError("--set", item, "the value is not valid YAML") from None
    return changes


def _game(options: argparse.Namespace) -> Any:
    from negotiation_abm.game import build_game
    from negotiation_abm.scenario import load_scenario

    return build_game(load_scenario(options.scenario, _changes(options)))


def _record(options: argparse.Namespace, game: Any) -> Any:
    """The record that the options name, or the scenario's own."""
    from negotiation_abm.record import load_record

    observation = game.scenario.record
    reference = options.record or (observation.file if observation else None)
    if reference is None:
        raise InputError(game.scenario.path, "record", "missing; name one, or give --record FILE")
    if options.record:
        return load_record(reference)
    return load_record(reference, game.scenario.path.parent, (game.scenario.path, "record.file"))


def _calibrate(options: argparse.Namespace) -> None:
    from negotiation_abm.calibration.run import calibrate
    from negotiation_abm.console.studies import print_calibration
    from negotiation_abm.record import CERTAINTIES

    game = _game(options)
    certainty = tuple(options.certainty.split(",")) if options.certainty else None
    for name in certainty or ():
        if name not in CERTAINTIES:
            raise InputError("--certainty", name, nearest(name, CERTAINTIES))
    record = _record(options, game)
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
    game = _game(options)
    summary = validate(game, _record(options, game), options.out, options.priors)
    if options.json:
        print(json.dumps(summary, indent=2))
    else:
        print_validation(summary)


def _replay(options: argparse.Namespace) -> None:
    from negotiation_abm.observed import replay_summary, write_replay
    from negotiation_abm.replay import replay_record

    game = _game(options)
    record = _record(options, game)
    if options.out:
        result = write_replay(game, record, options.out, options.skip_illegal)
    else:
        result = replay_record(game, record, options.skip_illegal)
    summary = replay_summary(result)
    if options.json:
        print(json.dumps(summary, indent=2))
        return
    from negotiation_abm.console.replay import print_replay

    print_replay(summary, options.out)


def _run(options: argparse.Namespace) -> None:
    from negotiation_abm.console import progress_bar
    from negotiation_abm.console.run import print_run
    from negotiation_abm.results import prepare
    from negotiation_abm.runs import run_batch

    game = _game(options)
    out = options.out or Path("results") / game.scenario.name
    prepare(out)
    with progress_bar(options.replicates, "runs") as progress:
        summary = run_batch(
            game,
            options.replicates,
            options.seed,
            out,
            options.threads,
            options.chunk_size,
            progress,
        )
    if options.json:
        print(json.dumps(summary, indent=2))
    else:
        print_run(summary, out)


def _mechanisms(options: argparse.Namespace) -> None:
    from negotiation_abm.console.studies import print_mechanisms
    from negotiation_abm.mechanisms import mechanisms_table
    from negotiation_abm.results import prepare

    if options.out:
        prepare(options.out)
    table = mechanisms_table(options.replicates, options.seed, options.out, options.threads)
    if options.json:
        print(table.to_json(orient="records", indent=2))
    else:
        rows = [dict(row) for _, row in table.iterrows()]
        print_mechanisms(rows, options.replicates, options.seed)


def _plot(options: argparse.Namespace) -> None:
    from negotiation_abm.plotting import plot_folder

    for path in plot_folder(options.folder):
        print(path)


def _check(options: argparse.Namespace) -> None:
    from negotiation_abm.checking import check_files

    for line in check_files(options.files):
        print(line)


def _schema(options: argparse.Namespace) -> None:
    from negotiation_abm.scenario import Scenario

    text = json.dumps(Scenario.model_json_schema(), indent=2) + "\n"
    if options.out is None:
        sys.stdout.write(text)
        return
    try:
        options.out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(options.out, "--out", f"cannot be written ({error.strerror})") from None


def _list(options: argparse.Namespace) -> None:
    from negotiation_abm.resources import root, shipped

    print(f"shipped files in {root()}")
    for title, folder, suffix in (
        ("scenarios", "configs", ".yaml"),
        ("parameter sets", "configs/parameters", ".yaml"),
        ("records", "seeds", ".csv"),
    ):
        print(f"{title}: {', '.join(shipped(folder, suffix))}")


if __name__ == "__main__":
    sys.exit(main())
