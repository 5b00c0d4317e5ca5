"""Mesa view: Mesa's own controls step, play and reset the model; the same game as everywhere."""

import re
import shlex
import subprocess
import sys

import pytest

from e2e_helpers import NARROW, WIDE, fits, saved, shot


def steps(page):
    return int(re.search(r"Step: (\d+)", page.inner_text(".mesa-host")).group(1))


def ready(visit, path, *options):
    one = visit(*options)
    page = one.open(path, "button:has-text('Step')")
    page.wait_for_selector(".vue-grid-item img")
    return one, page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["wide", "narrow"])
def test_looks(visit, name, scheme):
    one, page = ready(visit, "/mesa?step=40&seed=3", {"wide": WIDE, "narrow": NARROW}[name], scheme)
    page.wait_for_timeout(800)
    assert fits(page)
    shot(one, f"mesa_{name}" + ("_dark" if scheme == "dark" else ""))


def test_standard_controls(visit):
    _, page = ready(visit, "/mesa")
    for label in ("Play Interval (ms)", "Render Interval (steps)", "Use Threads", "Seed"):
        assert label in page.inner_text(".mesa-host")
    page.click("button:has-text('Step')")
    page.wait_for_selector("text=Step: 1")
    page.wait_for_url("**step=1*")
    page.click("button:has-text('▶')")
    page.wait_for_selector("text=Step: 6")
    page.click("button:has-text('❚❚')")
    page.wait_for_selector("button:has-text('▶')")
    seen = []
    for _ in range(8):  # Mesa ends the step that it is at
        seen.append(steps(page))
        page.wait_for_timeout(800)
    assert seen[-1] == seen[-3]
    assert seen[-1] <= seen[0] + 2
    page.click("button:has-text('Reset')")
    page.wait_for_selector("text=Step: 0")


def test_permalink_and_the_line_of_python_give_the_same_table(visit, tmp_path):
    path = "/mesa?scenario=baseline_2025&seed=7&run=2&first=dove&step=20"
    _, page = ready(visit, path)
    assert steps(page) == 20
    assert "After 20 steps" in page.inner_text(".mesa-host")
    words = shlex.split(page.inner_text(".command code"))
    subprocess.run([sys.executable, *words[1:]], check=True, cwd=tmp_path)
    assert saved(page, "mesa.csv") == (tmp_path / "mesa.csv").read_bytes()
    assert saved(page, "mesa.png").startswith(b"\x89PNG")
    assert b"<svg" in saved(page, "mesa.svg")[:600]


def test_parameter_holds_from_the_reset_on(visit):
    _, page = ready(visit, "/mesa?step=3")
    page.click(".v-select__selection >> nth=1")  # strategy of the first player
    page.click(".v-list-item:has-text('always escalate') >> visible=true")
    page.click("button:has-text('Reset')")
    page.wait_for_selector("text=Step: 0")
    page.click("button:has-text('Step')")
    page.wait_for_selector(".mesa-host .log:has-text('raises')")
    page.wait_for_url("**first=always_escalate*")


def test_end_of_the_horizon(visit):
    """Mesa counts the call, the model plays no week beyond its last; then there is no step left."""
    _, page = ready(visit, "/mesa?step=104")
    page.click("button:has-text('Step')")
    page.wait_for_selector("button:has-text('Step'):disabled")
    assert "After 104 steps" in page.inner_text(".mesa-host")
    assert page.url.endswith("step=104")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/mesa?scenario=busan", ("busan", "did you mean 'busan_2025'")),
        ("/mesa?seed=x", ("seed", "allowed: 0 to 999")),
        ("/mesa?first=nobody", ("nobody", "allowed")),
        ("/mesa?step=-1", ("step", "allowed: 0 to 2600")),
    ],
)
def test_wrong_address_is_a_message(visit, path, words):
    page = visit().open(path, ".box.error")
    text = page.inner_text(".box.error")
    for word in words:
        assert word in text
    assert "Traceback" not in page.inner_text("body")
