"""What several commands share: options, and the game and record that they name."""

import argparse
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from negotiation_abm.files.errors import InputError, one_line, told_of, whole_number

MOST_SAID = 800  # letters of what is wrong with the words of a command


class Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one bounded line, whatever it was given."""

    def error(self, message: str) -> NoReturn:
        """Exit with status 2."""
        super().error(one_line(message, MOST_SAID))


def command(
    commands: Any, name: str, run: Callable[[Any], int | None], text: str, epilog: str = ""
) -> argparse.ArgumentParser:
    """A command: its name, what it runs, its one line of help, examples."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=text,
        description=text[0].upper() + text[1:] + ".",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--module",
        metavar="FILE.py",
        action="append",
        default=[],
        help="a module of your own, known by the file's name (repeatable)",
    )
    parser.set_defaults(run=run)
    return parser


def add_common(parser: argparse.ArgumentParser, out: str, scenario: str | None = None) -> None:
    """SCENARIO, --set, --out and --json.

    With a default the scenario may be left out, or be given as ``--scenario``.
    """
    text = "path or shipped name"
    if scenario is None:
        parser.add_argument("scenario", metavar="SCENARIO", help=text)
    else:
        parser.add_argument(
            "named", metavar="SCENARIO", nargs="?", help=f"{text} (default {scenario})"
        )
        parser.add_argument("--scenario", metavar="SCENARIO", help="the same, as an option")
        parser.set_defaults(usual=scenario)
    add_set(parser, "replace a parameter or a place of the scenario, by dotted name (repeatable)")
    add_strategy_file(parser)
    add_results(parser, out)


def add_set(parser: argparse.ArgumentParser, text: str) -> None:
    """--set."""
    parser.add_argument("--set", metavar="NAME=VALUE", action="append", default=[], help=text)


def add_results(parser: argparse.ArgumentParser, out: str) -> None:
    """--out and --json."""
    parser.add_argument("--out", metavar="DIR", type=as_path, help=out)
    add_json(parser)


def add_json(parser: argparse.ArgumentParser) -> None:
    """--json."""
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def add_record(parser: argparse.ArgumentParser, text: str = "record") -> None:
    """--record."""
    parser.add_argument("--record", metavar="FILE", help=f"{text} (default: scenario's)")


def add_seed(parser: argparse.ArgumentParser) -> None:
    """--seed."""
    parser.add_argument("--seed", metavar="S", type=seed, default=1, help="seed (default 1)")


def add_threads(parser: argparse.ArgumentParser) -> None:
    """--threads."""
    parser.add_argument("--threads", metavar="N", type=count, help="threads (default: all cores)")


def add_strategy_file(parser: argparse.ArgumentParser) -> None:
    """--strategy-file."""
    parser.add_argument(
        "--strategy-file",
        metavar="FILE.py",
        action="append",
        default=[],
        help="a strategy of your own, known by the file's name (repeatable)",
    )


def add_runs(parser: argparse.ArgumentParser, replicates: int, text: str = "runs") -> None:
    """--replicates, what they are and how many by default; --seed and --threads."""
    shown = f"{text} (default {replicates})"
    parser.add_argument("--replicates", metavar="N", type=count, default=replicates, help=shown)
    add_seed(parser)
    add_threads(parser)


def add_draws(parser: argparse.ArgumentParser, least: int = 0) -> None:
    """--draws."""
    from negotiation_abm.run.sizes import DRAWS, RUNS

    text = (
        "posterior draws of the parameter set for the range of the answer, "
        f"{RUNS} runs each{'' if least else '; 0 for none'} (default {DRAWS})"
    )
    parser.add_argument(
        "--draws", metavar="N", type=lambda t: whole(t, least, 10**6), default=DRAWS, help=text
    )


def use_strategy_files(options: argparse.Namespace) -> list[str]:
    """Make the strategies of ``--strategy-file`` known; returns their names."""
    if not options.strategy_file:
        return []
    from negotiation_abm.run.strategy_check import use_file

    return [use_file(path) for path in options.strategy_file]


def as_path(text: str) -> Path:
    """A path; an empty text, as an unset variable of a script gives, is none."""
    if not text:
        raise argparse.ArgumentTypeError("is empty; allowed: a path")
    return Path(text)


def count(text: str) -> int:
    """How many: a whole number of at least 1, and of no more than ends within days."""
    return whole(text, 1, 10**9)


def seed(text: str) -> int:
    """A seed."""
    return whole(text, 0, 2**64 - 1)


def whole(text: str, low: int, high: int) -> int:
    """A whole number within bounds."""
    try:
        return whole_number(text, low, high)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def date_of(text: str, place: str) -> dt.date:
    """A date, or an `InputError` that names the option."""
    from negotiation_abm.scenario.fields import FIRST_DAY, LAST_DAY, day_of

    try:
        day = day_of(text)
    except ValueError as error:
        raise InputError(place, text, str(error)) from None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise InputError(place, text, f"allowed: {FIRST_DAY} to {LAST_DAY}")
    return day


def folder_of(options: argparse.Namespace, *usual: str) -> Path:
    """The folder of ``--out``, or one in ``results``; made, and seen to be writable."""
    from negotiation_abm.files.folder import prepare

    out: Path = options.out or Path("results", *usual)
    prepare(out)
    return out


def changes_of(options: argparse.Namespace) -> dict[str, Any]:
    """The ``--set`` options as names and values."""
    import yaml

    from negotiation_abm.files.yaml_text import parse_yaml, reason_of
    from negotiation_abm.scenario.load import changes_beside

    changes = {}
    for item in options.set:
        name, equals, text = item.partition("=")
        if not equals or not name:
            raise InputError("--set", item, "expected NAME=VALUE")
        try:
            changes[name] = parse_yaml(text)
        except yaml.YAMLError as error:
            raise InputError("--set", item, f"not valid YAML: {reason_of(error)}") from None
    return changes_beside(changes, Path())


def by_option(error: InputError, options: argparse.Namespace) -> InputError:
    """The error in the name of the option that gave the value, not of the file that it changes."""
    if getattr(options, "params", None):
        error = told_of("--params", {"parameters": ""}, error)
    sides = [item.partition("=")[0] for item in getattr(options, "strategy", None) or ()]
    error = told_of("--strategy", {f"strategies.{side}": side for side in sides}, error)
    names = [item.partition("=")[0] for item in getattr(options, "set", None) or ()]
    return told_of("--set", {name: name for name in names}, error)


def game_of(options: argparse.Namespace) -> Any:
    """The game of the scenario and the changes that the options name."""
    from negotiation_abm.scenario.game import build_game
    from negotiation_abm.scenario.load import load_scenario

    use_strategy_files(options)
    chosen = options.scenario
    if "named" in options:
        if options.named and chosen and options.named != chosen:
            raise InputError("--scenario", chosen, f"{options.named} is given as well; name one")
        chosen = options.named or chosen or options.usual
    return build_game(load_scenario(chosen, changes_of(options)))


def record_of(options: argparse.Namespace, game: Any) -> Any:
    """The record that the options name, or the scenario's own."""
    from negotiation_abm.record.load import load_record, own_record

    if options.record:
        return load_record(options.record)
    return own_record(game.scenario, "name one, or give --record FILE")
