"""`whatif`: a branch from the record with something altered."""

import argparse
from pathlib import Path
from typing import Any

from negotiation_abm.cli.options import (
    add_common,
    add_draws,
    add_record,
    add_runs,
    changes_of,
    command,
    date_of,
    folder_of,
    use_strategy_files,
)
from negotiation_abm.cli.output import print_result
from negotiation_abm.files.errors import InputError

WHATIF_EXAMPLES = """examples:
  negotiation-abm whatif no_affiliates_rule
  negotiation-abm whatif baseline_2025 --from 2025-10-06 --skip S21
  negotiation-abm whatif baseline_2025 --from 2025-10-27 \\
      --move 2025-11-01:US:ESCALATE:market_access
  negotiation-abm whatif baseline_2025 --from 2025-11-10 --strategy US=dove --set breach_cost=1

What each option means at a date: docs/whatif.md. `negotiation-abm list` names the shipped ones.
"""


def add(commands: Any) -> None:
    """Add what this file holds to the parser."""
    text = "leave the record at a date, alter something, and compare with the branch as it was"
    parser = command(commands, "whatif", _whatif, text, WHATIF_EXAMPLES)
    add_common(parser, "folder for the results (default: results/whatif/NAME)")
    parser.add_argument("--from", dest="date", metavar="DATE", help="leave the record in this week")
    add_record(parser)
    for option, metavar, text in (
        ("--move", "DATE:PLAYER:MOVE:LEVER", "a move that is made (repeatable)"),
        ("--skip", "EVENT_ID", "a row or decision of the record left out (repeatable)"),
        ("--strategy", "PLAYER=NAME", "strategy of a player from then on (repeatable)"),
    ):
        parser.add_argument(option, metavar=metavar, action="append", default=[], help=text)
    add_runs(parser, 20_000)
    add_draws(parser)


def _whatif(options: argparse.Namespace) -> None:
    from negotiation_abm.cli.tables import progress_bar
    from negotiation_abm.cli.tables.whatif import print_whatif
    from negotiation_abm.studies.whatif.run import branches, run_whatif

    use_strategy_files(options)
    asked = _asked(options)
    branches(asked)  # bad input shows before any file or long work
    out = folder_of(options, "whatif", asked.name)
    with progress_bar(2 * options.replicates, "runs") as progress:
        summary = run_whatif(
            asked,
            options.replicates,
            options.seed,
            out,
            options.threads,
            progress,
            options.draws,
        )
    print_result(summary, options.json, lambda: print_whatif(summary, out))


def _asked(options: argparse.Namespace) -> Any:
    """The what-if that the options describe: a file's, with the options on top."""
    from negotiation_abm.files.validation import checked
    from negotiation_abm.studies.whatif.schema import (
        WhatIf,
        is_whatif,
        load_whatif,
        parse_move,
    )

    if is_whatif(options.scenario):
        base = load_whatif(options.scenario)
    elif options.date is None:
        raise InputError("--from", "", f"missing; the date at which '{options.scenario}' branches")
    else:
        date = date_of(options.date, "--from")
        name = f"{Path(options.scenario).stem}_{date}"
        base = checked(
            WhatIf, options.scenario, {"name": name, "scenario": options.scenario, "from": date}
        )
    strategies = dict(_strategy(item) for item in options.strategy)
    return base.model_copy(
        update={
            "date": date_of(options.date, "--from") if options.date else base.date,
            "record": options.record or base.record,
            "set": base.set | changes_of(options),
            "moves": [*base.moves, *(parse_move(text) for text in options.move)],
            "skip": [*base.skip, *options.skip],
            "strategies": base.strategies | strategies,
        }
    )


def _strategy(text: str) -> tuple[str, str]:
    player, equals, name = text.partition("=")
    if not (player and equals and name):
        raise InputError("--strategy", text, "expected PLAYER=NAME")
    return player, name
