"""Values where the mouse is, cells that are clicked, plain words in every view."""

import json
import re

import pytest

from e2e_helpers import NARROW, VIEW_SECONDS, WIDE, spot

WAIT = 1000 * VIEW_SECONDS
RAW = (
    r"CHINA|market_access|rare_earths|any_domain|rmst|logit|ESCALATE|THREATEN|CONCEDE|SUSPEND|HOLD|"
    r"DISPUTE|TRUCE|baseline_2025|busan_2025|breach_cost|irreplaceability|document \d"
)
# What a reader sees of a view: its text, lists, names of pictures, values under the mouse. Commands
# and files speak the names of the model, and so do the rows of the record under "facts".
SEEN = """() => {
  const copy = document.querySelector(".page").cloneNode(true);
  copy.querySelectorAll(".command, .save, #facts, script, style").forEach((one) => one.remove());
  const said = [...copy.querySelectorAll("[alt], [aria-label]")].map((e) => e.alt || e.ariaLabel);
  const hover = [...copy.querySelectorAll("[data-hover]")].map((e) => e.dataset.hover);
  return [copy.textContent, ...said, ...hover].join("\\n");
}"""


def told(page, selector, x=0.5, y=0.5):
    """What is said when the mouse is at a share of the width and height of an element."""
    page.mouse.move(*spot(page, selector, x, y))
    page.wait_for_selector(".tip", state="visible", timeout=WAIT)
    return page.inner_text(".tip")


def first_panel(page):
    """The middle of the first panel of a figure."""
    panels = json.loads(page.get_attribute("[data-hover]", "data-hover"))
    left, top, right, bottom = panels[0]["box"]
    return 0.5 * (left + right), 0.5 * (top + bottom)


def test_curves_say_their_values(visit):
    one = visit()
    page = one.open("/whatif?from=2025-11-10&set=breach_cost=1.5")
    one.settle()
    text = told(page, ".picture img", *first_panel(page))
    assert re.match(r"202\d-\d\d-\d\d\n", text)
    assert re.search(r"as recorded: \S+( %)? \(\S+( %)? to \S+( %)?\)", text)
    assert "with your change: " in text
    page.mouse.move(2, 2)
    page.wait_for_selector(".tip", state="hidden")


def test_the_year_says_its_values(visit):
    page = visit().open("/replay?week=12", ".sheet img")
    text = told(page, ".sheet img", *first_panel(page))
    assert re.search(r"US on China: \d+", text)
    assert told(page, "[data-mark='S24']").startswith("2025-10-10 US threatens")


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_each_move_of_a_busy_week_can_be_read_and_picked(visit, viewport):
    """Their marks cover each other."""
    page = visit(viewport).open("/replay?week=12", ".sheet img")
    for name, said in (("S23", "2025-10-09 China raises"), ("O16", "2025-04-08 US raises")):
        assert told(page, f"[data-mark='{name}']").startswith(said)
        page.mouse.down()
        page.mouse.up()
        page.wait_for_selector(f"[data-mark='{name}'].picked", timeout=WAIT)


@pytest.mark.parametrize("path", ["/replay?week=37", "/whatif?from=2025-11-10", "/play?moves=00"])
def test_views_speak_plainly(visit, path):
    one = visit()
    page = one.open(path)
    page.wait_for_selector(".picture img, .moves", timeout=WAIT)
    if path.startswith("/whatif"):
        page.click("#press-group-1")
        page.click("#press-group-2")
        one.settle()
    found = re.findall(rf"\b(?:{RAW})\b", page.evaluate(SEEN))
    assert found == []


def test_the_mesa_view_speaks_plainly(visit):
    page = visit().open("/mesa?step=12", "button:has-text('Step')")
    page.wait_for_selector("text=After 12 steps", timeout=WAIT)
    assert re.findall(rf"\b(?:{RAW})\b", page.evaluate(SEEN)) == []
    assert "For those who build models" in page.inner_text(".lead")


# ---------------------------------------------------------------------------
# What if: the truce, and shipped questions


def test_the_truce_can_be_altered_before_the_model(visit):
    page = visit().open("/whatif?from=2025-11-10", "#choose-ends")
    order = "[...document.querySelectorAll('#choose-ends, #choose-pledge, #range-breach_cost')]"
    assert page.evaluate(f"{order}.map((e) => e.id)") == [
        "choose-ends",
        "choose-pledge",
        "range-breach_cost",
    ]
    page.select_option("#choose-ends", "13")
    page.wait_for_url("**ends=13*")
    page.select_option("#choose-pledge", "half")
    page.wait_for_url("**pledge=half*")
    page.wait_for_selector("#told:has-text('instead of')", timeout=2 * WAIT)
    command = page.inner_text(".command code")
    assert "weeks_left" in command
    assert "diligence.CHINA=0.5" in command


def test_a_shipped_what_if_can_be_chosen(visit):
    page = visit().open("/whatif", "#choose-whatif")
    page.select_option("#choose-whatif", "two_month_truce")
    page.wait_for_url("**whatif=two_month_truce*")
    page.wait_for_selector("#told:has-text('A year after the change')", timeout=2 * WAIT)
    assert page.inner_text(".command code").startswith("negotiation-abm whatif two_month_truce")
    page.reload()
    page.wait_for_selector("#choose-whatif", timeout=WAIT)
    assert page.input_value("#choose-whatif") == "two_month_truce"
