"""`episodes`: all recorded truces, and how long such truces last."""

import argparse
from typing import Any

from negotiation_abm.cli.options import add_results, add_set, as_path, changes_of, command
from negotiation_abm.cli.output import print_result
from negotiation_abm.files.damage import reading
from negotiation_abm.files.errors import InputError

EXAMPLES = """examples:
  negotiation-abm episodes
  negotiation-abm episodes us_eu_2018 us_canada_2025
  negotiation-abm episodes --set tolerance=2
  negotiation-abm episodes --rules truce
  negotiation-abm episodes --beside results/busan_2025 --out results/episodes
"""


def add(commands: Any) -> None:
    """Add what this file holds to the parser."""
    text = "list all recorded truces, and how long such truces last"
    parser = command(commands, "episodes", _episodes, text, EXAMPLES)
    parser.add_argument(
        "names", metavar="NAME", nargs="*", help="episodes (default: all that are shipped)"
    )
    text = "replace a parameter in every replay, such as one of a truce rule (repeatable)"
    add_set(parser, text)
    parser.add_argument(
        "--beside", metavar="DIR", type=as_path, help="put the truces of a run beside the recorded"
    )
    parser.add_argument(
        "--rules",
        metavar="NAME",
        help="compare rules of when a truce ends (shipped: truce, or a file), truce by truce",
    )
    text = "folder for episodes.csv, reference_class.csv, episodes.json, manifest.json"
    add_results(parser, text)


def _episodes(options: argparse.Namespace) -> None:
    from negotiation_abm.cli.tables.episodes import print_episodes
    from negotiation_abm.studies.reference_class import run_episodes

    if options.rules:
        _rules(options)
        return
    with reading(*([options.beside] if options.beside else [])):
        summary = run_episodes(options.names, changes_of(options), options.beside, options.out)
    print_result(summary, options.json, lambda: print_episodes(summary, options.out))


def _rules(options: argparse.Namespace) -> None:
    from negotiation_abm.cli.tables.rules import print_rules
    from negotiation_abm.studies.endings import compare_rules

    for name in ("set", "beside"):
        if getattr(options, name):
            raise InputError(f"--{name}", "", "not with --rules, which sets its own values")
    summary = compare_rules(options.rules, options.names, options.out)
    print_result(summary, options.json, lambda: print_rules(summary, options.out))
