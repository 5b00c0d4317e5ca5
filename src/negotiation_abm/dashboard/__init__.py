"""The page: a server on this machine that shows what the package computes (extra `dashboard`)."""

import logging
import os
import socket
import threading
import warnings
import webbrowser
from html import escape
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlencode

from negotiation_abm.dashboard import guard
from negotiation_abm.files.errors import InputError

NEEDS = ("solara", "solara_assets")
LOCAL = ("127.0.0.1", "localhost")
APP = "negotiation_abm.dashboard.app"
# How the server below behaves; what a user has set in the environment wins.
SERVER = {
    "SOLARA_MODE": "production",
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "false",
    "SOLARA_ASSETS_CDN": "http://127.0.0.1:9/",  # what is not installed is missing, not fetched
    "SOLARA_ASSETS_FONTAWESOME_ENABLED": "false",
    "SOLARA_ASSETS_EXTRA_LOCATIONS": "negotiation_abm.dashboard.assets",
    "SOLARA_THEME_LOADER": "plain",
    "SOLARA_THEME_SHOW_BANNER": "false",
    "SOLARA_THEME_TITLE": "negotiation_abm",
    "SOLARA_KERNEL_CULL_TIMEOUT": "2m",  # of a page that is cut off; a closed one goes at once
}

NOT_FOUND = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Not found</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/static/assets/custom.css"></head><body><div class="page"><p></p>
<div class="box error" role="alert">address of the page: {path}: no such view</div>
<p><a href="/">All views</a></p></div></body></html>
"""


def serve(host: str, port: int, open_browser: bool, results: Path) -> None:
    """Serve the page until interrupted.

    Parameters
    ----------
    results : Path
        Folder whose sweeps the page may open; it reads nothing outside it.

    Raises
    ------
    InputError
        If the extra is not installed, or the address cannot be used.
    """
    for name in NEEDS:
        if find_spec(name) is None:
            problem = f"needs {name}; pip install 'negotiation-abm[dashboard]'"
            raise InputError("dashboard", "", problem)
    _check_address(host, port)
    for name, value in SERVER.items():
        os.environ.setdefault(name, value)

    from negotiation_abm.dashboard.settings import Settings, configure

    configure(Settings(results=results))
    warnings.filterwarnings("ignore", "Cookies with samesite=none", UserWarning)  # no frame here
    token = guard.new_token()
    named = f"[{host}]" if ":" in host else host
    address = f"http://{named}:{port}/?{urlencode({guard.QUERY: token})}"
    print(f"negotiation-abm dashboard: {address} (Ctrl-C ends it)", flush=True)
    if open_browser:
        threading.Timer(1.5, webbrowser.open, (address,)).start()
    _run(host, port, token)


def _run(host: str, port: int, token: str) -> None:
    from negotiation_abm.dashboard import memory, warm

    memory.settle()
    os.environ["SOLARA_APP"] = APP
    import pandas  # noqa: F401  (a page that meets it half imported fails in the event loop)
    import uvicorn
    from solara.server.starlette import app
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.requests import Request
    from starlette.responses import HTMLResponse

    def not_found(request: Request, error: Exception) -> HTMLResponse:
        return HTMLResponse(NOT_FOUND.format(path=escape(request.url.path)), status_code=404)

    app.add_exception_handler(404, not_found)
    app.add_middleware(guard.Guard, token=token, port=port)
    if host in LOCAL:  # a page elsewhere that points its name at this machine gets nothing
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(LOCAL))
    warm.start()
    logging.getLogger("reacton").addFilter(_is_trouble)
    server = uvicorn.Server(uvicorn.Config(app, host=host, port=port, log_level="warning"))
    server.run()


def _is_trouble(record: logging.LogRecord) -> bool:
    """Is this more than bad input, which the page shows as a line?"""
    return not (record.exc_info and isinstance(record.exc_info[1], InputError))


def _check_address(host: str, port: int) -> None:
    """See that the address can be listened on before anything is loaded."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        problem = f"cannot be listened on ({reason}); choose another --port"
        raise InputError("dashboard", f"{host}:{port}", problem) from None
