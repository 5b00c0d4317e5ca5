"""`mechanisms`: what each module, term and lever adds."""

import argparse
from typing import Any

from negotiation_abm.cli.options import add_results, add_runs, command
from negotiation_abm.cli.output import print_result


def add(commands: Any) -> None:
    """Add what this file holds to the parser."""
    text = "what each module, term and lever does to truces: paired runs with and without it"
    parser = command(commands, "mechanisms", _mechanisms, text)
    add_runs(parser, 50_000)
    parser.add_argument("--params", metavar="NAME", help="parameter set (default: scenarios')")
    add_results(parser, "folder for mechanisms.csv")


def _mechanisms(options: argparse.Namespace) -> None:
    from negotiation_abm.cli.tables import progress_bar
    from negotiation_abm.cli.tables.mechanisms import print_mechanisms
    from negotiation_abm.files.folder import prepare
    from negotiation_abm.studies.mechanisms import mechanisms_table

    if options.out:
        prepare(options.out)
    with progress_bar(1, "mechanisms") as progress:
        table = mechanisms_table(
            options.replicates, options.seed, options.out, options.threads, options.params, progress
        )
    rows = [dict(row) for _, row in table.iterrows()]
    print_result(
        rows, options.json, lambda: print_mechanisms(rows, options.replicates, options.seed)
    )
