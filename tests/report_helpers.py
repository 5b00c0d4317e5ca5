"""What tests of report pages share: a browser without a network, what a reader sees."""

import base64
import json
import re
import shutil
import subprocess

import pytest

from cli_helpers import PATIENCE

BROWSER = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # nothing of the browser's own leaves either
]
needs_browser = pytest.mark.skipif(BROWSER is None, reason="needs chromium")


def visible(page):
    text = re.sub(r"(?s)<style>.*?</style>|<[^>]+>", " ", page)
    return " ".join(text.split())


def browse(folder, page, *more):
    words = [BROWSER, *FLAGS, f"--user-data-dir={folder / 'profile'}", *more, page.as_uri()]
    return subprocess.run(words, capture_output=True, timeout=PATIENCE, check=True)


def requests_of(folder, page):
    """Addresses that a page, not the browser itself, asked for."""
    log = folder / "net.json"
    browse(folder, page, f"--log-net-log={log}", f"--screenshot={folder / 'page.png'}")
    events = json.loads(log.read_text())["events"]
    started = [event.get("params") or {} for event in events]
    return {
        item["url"]
        for item in started
        if item.get("url", "").startswith("http") and item.get("initiator") == "null"
    }


def num_pages(folder, page):
    """Pages of A4 on which a page prints."""
    browse(folder, page, "--no-pdf-header-footer", f"--print-to-pdf={folder / 'page.pdf'}")
    printed = (folder / "page.pdf").read_bytes()
    assert b"/MediaBox [0 0 594.95" in printed or b"/MediaBox [0 0 595" in printed  # A4
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", printed))


def assert_loads_nothing(page, figures):
    """A page of one file: its figures inside, no address in it or in them."""
    sources = re.findall(r'(?:src|href|srcset|action|data)\s*=\s*"([^"]*)"', page)
    assert len(sources) == figures
    assert all(source.startswith("data:image/svg+xml;base64,") for source in sources)
    assert "url(" not in page
    assert "@import" not in page
    for source in sources:
        figure = base64.b64decode(source.partition(",")[2]).decode()
        assert re.findall(r'(?:href|src)="(?!#)[^"]*"', figure) == []
        assert "<script" not in figure
