"""`dashboard`: the page in a browser on this machine."""

import argparse
from pathlib import Path
from typing import Any

from negotiation_abm.cli.options import as_path, command, whole

EXAMPLES = """examples:
  negotiation-abm dashboard
  negotiation-abm dashboard --port 9000 --no-browser --results my_results

Needs the extra: pip install 'negotiation-abm[dashboard]'. docs/dashboard.md says what it shows.
"""


def add(commands: Any) -> None:
    """Add what this file holds to the parser."""
    text = "open a page in the browser: replay, what if, sweeps, play"
    parser = command(commands, "dashboard", _dashboard, text, EXAMPLES)
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: this machine alone)"
    )
    parser.add_argument("--port", type=_port, default=8765, help="port (default 8765)")
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    parser.add_argument(
        "--results",
        metavar="DIR",
        type=as_path,
        default=Path("results"),
        help="folder whose sweeps the page may open (default: results)",
    )


def _port(text: str) -> int:
    return whole(text, 1, 65535)


def _dashboard(options: argparse.Namespace) -> None:
    from negotiation_abm.dashboard import serve

    serve(options.host, options.port, not options.no_browser, options.results)
