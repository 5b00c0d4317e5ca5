"""How long the first view of each tab takes: rules compiled before (warm), and not (cold)."""

import os
import time

import pytest

from e2e_helpers import OUT, WIDE, Visit, is_quiet, start_server, stop_server, wait_for
from negotiation_abm.run.compiler import PLACE

VIEWS = {  # what a reader came for, by tab
    "replay": ".sheet img",
    "play": ".moves",
    "sweep": "#main .card",
    "mesa": ".mesa-host h3",
    "whatif": ".picture:not(.stale):not(.empty) img",
}
WORDS = "the rules are being compiled"
GOAL_SECONDS = 5.0
PATIENCE = 900.0


@pytest.mark.parametrize("state", ["warm", "cold"])
def test_first_view_of_each_tab(browser, compiled, tmp_path, timings, state):
    """Each tab is shown at once, or says at its top what it is waiting for."""
    variables = {} if state == "warm" else {PLACE: str(tmp_path)}
    found = {}
    with (OUT / "first_views.log").open("w") as log:
        server = start_server(log, **variables)
        try:
            found["server"] = {"answers_s": round(wait_for(server), 2)}
            for name, shown in VIEWS.items():
                found[name] = first_view(browser, server, name, shown)
        finally:
            stop_server(server)
    found["load_average"] = [round(n, 1) for n in os.getloadavg()]
    timings[f"first_view_{state}"] = found
    for name in VIEWS:
        one = found[name]
        if state == "cold":
            assert one["says_why"] or one["view_s"] - one["words_s"] < GOAL_SECONDS, (name, one)
        if is_quiet():
            assert one["words_s"] < GOAL_SECONDS, (name, one)


def first_view(browser, server, name, shown):
    """Seconds until the words of a view stand there, and until what it is about does."""
    page = browser.new_page(viewport=WIDE)
    visit = Visit(page, server)
    visit.watch()
    began = time.perf_counter()
    page.goto(server.url(f"/{name}"), wait_until="commit")
    page.wait_for_selector("#main h2")
    words = time.perf_counter() - began
    said = page.locator("#compiling")
    is_there = WORDS in said.inner_text().lower()
    is_seen = is_there and said.bounding_box()["y"] < WIDE["height"]
    page.wait_for_selector(shown, timeout=1000 * PATIENCE)
    view = time.perf_counter() - began
    assert visit.problems == []
    page.close()
    return {"words_s": round(words, 2), "view_s": round(view, 2), "says_why": is_seen}
