"""The command line: parse, call one function, print. No logic lives here.

One file a command, or a few that belong together; each has ``add(commands)``. Whatever is heavy is
imported where a command runs, so that ``--help`` stays quick.
"""

import argparse
import importlib
import logging
import sys
import warnings
from collections.abc import Sequence

from negotiation_abm import use_modules
from negotiation_abm.cli.ending import lacking, leaving_tidily
from negotiation_abm.cli.options import Parser, by_option
from negotiation_abm.cli.output import OutputError, status_of, usable_streams
from negotiation_abm.files.errors import InputError, shortened
from negotiation_abm.files.folder import remove_empty
from negotiation_abm.files.memory import STARTING, check_memory
from negotiation_abm.files.provenance import carrying_out

COMMANDS = (
    "replay",
    "episodes",
    "run",
    "sweep",
    "slice",
    "survival",
    "sensitivity",
    "whatif",
    "surprise",
    "play",
    "tournament",
    "equilibrium",
    "calibration",
    "forecasts",
    "mechanisms",
    "files",
    "report",
    "site",
    "dashboard",
)

MOST_OPTIONS = 5_000

EXAMPLES = """examples:
  negotiation-abm replay baseline_2025
      put the recorded moves of 2025 through the rules of the game
  negotiation-abm run busan_2025 --replicates 10000 --seed 7
      simulate the Busan truce ten thousand times; tables in results/busan_2025
  negotiation-abm sweep rare_earths_breach
      simulate many points of a scenario and show how truce survival depends on them
  negotiation-abm plot results/busan_2025
      draw what a result folder holds
  negotiation-abm check my_scenario.yaml my_record.csv
      check files before using them

SCENARIO is a path or the name of a shipped scenario (negotiation-abm list).
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status (2 for bad input, or output that fails)."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    with usable_streams(), leaving_tidily(arguments is None):
        try:
            check_memory(STARTING, "starting")
            return _run(words, is_shell=arguments is None)
        except InputError as error:
            return _refused(error)
        except (MemoryError, ImportError) as error:
            return _refused(InputError("", "", lacking(error)))
        except KeyboardInterrupt:
            print("interrupted: nothing of the unfinished step was kept", file=sys.stderr)
            return 130
        except OutputError as error:
            return status_of(error)
        except OSError as error:  # a file that went away, a device that failed
            reason = error.strerror or shortened(f"{type(error).__name__}: {error}", 200)
            return _refused(InputError(str(error.filename or ""), "", reason))
        except RuntimeError as error:
            if "start new thread" not in str(error):
                raise
            return _refused(InputError("", "", f"the system allows no more threads ({error})"))
        finally:
            remove_empty()


def _refused(error: InputError) -> int:
    print(f"error: {error}", file=sys.stderr)
    return 2


def _run(words: list[str], is_shell: bool) -> int:
    if is_shell:  # where people see what the package notes in its log
        _speak()
    given = sum(word.startswith("-") for word in words)
    if given > MOST_OPTIONS:  # the parser takes the square of their number
        problem = f"{given:,} options; allowed: up to {MOST_OPTIONS:,}; a file may hold changes"
        raise InputError("", "", problem)
    try:
        options = _parser().parse_args(words)
        try:
            with carrying_out(words):
                use_modules(*options.module)
                status: int = options.run(options) or 0
        except InputError as error:
            raise by_option(error, options) from None
        return status
    finally:
        sys.stdout.flush()


def _speak() -> None:
    """Show what the package notes, and not what libraries warn of: that is for who writes code."""
    own = logging.getLogger("negotiation_abm")
    own.addHandler(logging.StreamHandler())
    own.setLevel(logging.INFO)
    own.propagate = False
    logging.getLogger().addHandler(logging.NullHandler())
    if not sys.warnoptions:
        warnings.simplefilter("ignore")


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="negotiation-abm",
        description="How long does a US-China truce last, and what ends it? "
        "Replay the record of 2025, simulate truces, plot how long they last.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        importlib.import_module(f"{__name__}.{name}").add(commands)
    return parser


def _version() -> str:
    from negotiation_abm import __version__

    return f"negotiation-abm {__version__}"
