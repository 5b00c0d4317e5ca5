"""`site`: pages that open from disk or from any web host."""

import argparse
from typing import Any

from negotiation_abm.cli.options import add_draws, as_path, command, count, seed

EXAMPLES = """examples:
  negotiation-abm site results/site
  negotiation-abm site results/site --draws 50        # quicker, and rougher

Open results/site/index.html in a browser; nothing is loaded from anywhere else. It takes
one to two minutes on two cores (92 s of processor time).
"""


def add(commands: Any) -> None:
    """Add what this file holds to the parser."""
    text = "write a page with the answer, recorded truces, what-ifs and forecasts, to send around"
    parser = command(commands, "site", _site, text, EXAMPLES)
    parser.add_argument(
        "folder", metavar="DIR", type=as_path, help="folder for index.html and data/"
    )
    parser.add_argument(
        "--scenario", metavar="SCENARIO", default="busan_2025", help="(default busan_2025)"
    )
    add_draws(parser, least=1)
    parser.add_argument("--seed", metavar="S", type=seed, default=1, help="seed (default 1)")
    parser.add_argument("--threads", metavar="N", type=count, help="threads (default: all cores)")


def _site(options: argparse.Namespace) -> None:
    from negotiation_abm.cli.tables import stages
    from negotiation_abm.plotting.site import write_site
    from negotiation_abm.scenario.game import build_game
    from negotiation_abm.scenario.load import load_scenario

    game = build_game(load_scenario(options.scenario))
    with stages() as report:
        page = write_site(
            game, options.folder, options.seed, options.draws, options.threads, report
        )
    print(page)
