"""The site opened from disk, offline: no request, no error, sliders that look things up."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from cli_helpers import shipped_game
from e2e_helpers import NARROW, OUT, WIDE, fits
from negotiation_abm.plotting.site import write_site

DRAWS = 6
SET = """([id, value]) => {
  const slider = document.getElementById(id);
  slider.value = value;
  slider.dispatchEvent(new Event("input", { bubbles: true }));
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "out"
    write_site(shipped_game("busan_2025"), folder, draws=DRAWS)
    return folder


@pytest.fixture
def opened(browser, site):
    """Opens the site offline; anything that it asks for beyond itself, or logs, fails the test."""
    contexts, problems = [], []

    def make(viewport=WIDE, scheme="light"):
        context = browser.new_context(
            viewport=viewport, color_scheme=scheme, offline=True, accept_downloads=True
        )
        contexts.append(context)
        page = context.new_page()
        own = site.as_uri()
        page.on("console", lambda m: m.type in ("error", "warning") and problems.append(m.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "request",
            lambda r: r.url.startswith((own, "data:")) or problems.append(f"asks for {r.url}"),
        )
        page.goto((site / "index.html").as_uri())
        page.wait_for_selector("#curves svg")
        return page

    yield make
    for context in contexts:
        context.close()
    assert problems == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["wide", "narrow"])
def test_looks(opened, name, scheme):
    page = opened({"wide": WIDE, "narrow": NARROW}[name], scheme)
    assert fits(page)
    page.screenshot(path=OUT / f"site_{name}_{scheme}.png", full_page=True)


def test_sliders_look_up_another_answer(opened):
    page = opened()
    usual = page.inner_text("#told")
    assert "As agreed" in usual
    for slider in page.locator("input[type=range]").all():
        name, now = slider.get_attribute("id"), slider.input_value()
        page.evaluate(SET, [name, "0" if now != "0" else "1"])
        assert "With your change" in page.inner_text("#told")
        page.evaluate(SET, [name, now])
    assert page.inner_text("#told") == usual


def test_values_are_said_where_the_mouse_is(opened):
    page = opened()
    page.locator("#curves").hover()
    page.wait_for_selector("#curves .tip", state="visible")
    assert "simulated Busan truce: " in page.inner_text("#curves .tip")


def test_every_table_is_handed_out_as_it_lies_on_disk(opened, site):
    page = opened()
    links = {a.get_attribute("href") for a in page.locator("a[download]").all()}
    assert {link.split("/")[-1] for link in links} == {p.name for p in (site / "data").iterdir()}
    for link in links:
        assert hash_of(handed_out(page, link)) == hash_of((site / link).read_bytes()), link


def test_what_is_handed_out_is_what_the_commands_write(opened, tmp_path):
    """Same seed and draws: the range of `run`, and the recorded truces of `episodes`."""
    page = opened()
    run = ("run", "busan_2025", "--replicates", "20", "--draws", str(DRAWS), "--seed", "1")
    for words, names in ((run, ["posterior"]), (("episodes",), ["reference_class", "episodes"])):
        asked = [sys.executable, "-m", "negotiation_abm.cli", *words, "--out", str(tmp_path)]
        subprocess.run(asked, check=True, capture_output=True)
        for name in names:
            written = hash_of((tmp_path / f"{name}.csv").read_bytes())
            assert hash_of(handed_out(page, f"data/{name}.csv")) == written, name


def handed_out(page, link):
    """The bytes that the browser saves when a link to a table is clicked."""
    with page.expect_download() as waiting:
        page.locator(f"a[download][href='{link}']").first.click()
    return Path(waiting.value.path()).read_bytes()


def hash_of(content):
    return hashlib.sha256(content).hexdigest()


def test_it_is_small_and_prints(opened, site):
    assert sum(path.stat().st_size for path in site.rglob("*") if path.is_file()) < 3_000_000
    page = opened()
    page.pdf(path=OUT / "site.pdf", format="A4", print_background=True)
    page.emulate_media(media="print")
    assert page.locator("#curves svg").is_visible()
    assert not page.locator("nav").first.is_visible()
