"""The server of the page as a process of its own, and a headless browser that may only speak to it.

A page that logs an error, asks another machine for something, or gets an error for an answer fails
the test that uses it. Screenshots and timings go to ``results/e2e``.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from e2e_helpers import CHROMIUM, OUT, ROOT, WIDE, Visit, start_server, stop_server, wait_for


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(item.fspath).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session", autouse=True)
def compiled():
    """The rules are compiled before any time is taken."""
    code = "from negotiation_abm.dashboard import warm; warm.start(); warm.wait(600)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
    OUT.mkdir(parents=True, exist_ok=True)


@pytest.fixture(scope="session")
def server(compiled):
    with (OUT / "server.log").open("w") as log:
        found = start_server(log)
        try:
            wait_for(found)
            yield found
        finally:
            stop_server(found)


@pytest.fixture(scope="session")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        found = driver.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield found
        found.close()


@pytest.fixture
def visit(browser, server):
    """Opens pages: ``visit()`` or ``visit(NARROW, "dark")``; nothing may go wrong on them."""
    contexts, visits = [], []

    def make(viewport=WIDE, scheme="light", may_fail=False):
        context = browser.new_context(
            viewport=viewport, color_scheme=scheme, accept_downloads=True, device_scale_factor=1
        )
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.address)
        contexts.append(context)
        found = Visit(context.new_page(), server)
        found.watch()
        if not may_fail:
            visits.append(found)
        return found

    yield make
    problems = [problem for found in visits for problem in found.problems]
    for context in contexts:
        for page in context.pages:
            page.goto("about:blank")  # leaves as a reader does, so that the server hears of it
        context.close()
    assert not problems


@pytest.fixture(scope="session")
def timings():
    """What was measured, written to ``results/e2e/timings.json`` and printed at the end."""
    found = {"load_average": os.getloadavg(), "cores": len(os.sched_getaffinity(0))}
    yield found
    (OUT / "timings.json").write_text(json.dumps(found, indent=2) + "\n")
    print("\n" + json.dumps(found, indent=2))
