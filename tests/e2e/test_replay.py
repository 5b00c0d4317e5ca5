"""The view Replay: week, event with its facts, permalink, downloads as the command writes them."""

import re
import subprocess

import pytest

from e2e_helpers import NARROW, WIDE, command_of, fits, saved, shot, spot

WEEK = "/replay?week=37&event=S21"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["wide", "narrow"])
def test_looks(visit, name, scheme):
    one = visit({"wide": WIDE, "narrow": NARROW}[name], scheme)
    page = one.open("/replay?week=37&event=S24", ".sheet img")
    page.wait_for_selector("#facts")
    assert fits(page)
    shot(one, f"replay_{name}" + ("_dark" if scheme == "dark" else ""))


def test_event_shows_its_facts_and_sources(visit):
    page = visit().open("/replay", ".sheet img")
    page.mouse.click(*spot(page, "[data-mark='S24']"))
    page.wait_for_selector("#facts")
    assert page.inner_text(".deck output") == "2025-10-06"
    text = page.inner_text("#facts")
    assert "100 more points" in text
    assert "BBC Chinese" in text
    assert "us_threat_announced" in text  # a fact of that day
    listed = page.inner_text("#event-S24")
    assert re.search(r"chance under the rules \d\S*\s%", listed)


def test_permalink_restores_the_view(visit):
    first = visit().open("/replay", ".sheet img")
    first.evaluate(
        "() => { const r = document.querySelector('#range-week'); r.value = 37;"
        " r.dispatchEvent(new Event('input')); }"
    )
    first.wait_for_url("**week=37*")
    first.click("#event-S24")
    first.wait_for_selector("#facts")
    second = visit().open(first.url.removeprefix(first.url.split("/replay")[0]), "#facts")
    for place in (".deck output", "#facts", ".numbers", ".events"):
        assert first.inner_text(place) == second.inner_text(place)


def test_whatif_starts_from_the_shown_week(visit):
    page = visit().open("/replay?week=30", ".sheet img")
    page.click("#press-ask")
    page.wait_for_selector("#range-from")
    assert "from=2025-08-18" in page.url


def test_downloads_are_what_the_command_writes(visit, tmp_path):
    page = visit().open(WEEK, ".sheet img")
    words = command_of(page)
    words[words.index("--out") + 1] = str(tmp_path)
    subprocess.run(words, check=True, capture_output=True)
    for name in ("replay.csv", "decisions.csv"):
        assert saved(page, name) == (tmp_path / name).read_bytes()
    assert saved(page, "timeline.png").startswith(b"\x89PNG")
    assert b"<svg" in saved(page, "timeline.svg")[:600]


def test_command_is_copied(visit):
    page = visit().open(WEEK, ".sheet img")
    page.click("text=copy the command")
    page.wait_for_selector("text=copied")
    assert page.evaluate("navigator.clipboard.readText()") == page.inner_text(".command code")
