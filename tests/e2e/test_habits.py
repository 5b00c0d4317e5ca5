"""What readers expect of any page: Back, lists that look so, copy link, undo, a question."""

from e2e_helpers import VIEW_SECONDS

WAIT = 1000 * VIEW_SECONDS


def path_of(page):
    return page.evaluate("location.pathname + location.search")


def test_back_goes_to_the_tab_before(visit):
    page = visit().open("/replay?week=12")
    page.wait_for_selector(".sheet img", timeout=WAIT)
    page.click("#tab-play")
    page.wait_for_selector("#press-hold", timeout=WAIT)
    page.go_back()
    page.wait_for_selector("#range-week", timeout=WAIT)
    page.wait_for_function("location.pathname === '/replay'", timeout=WAIT)
    assert "week=12" in path_of(page)
    assert page.input_value("#range-week") == "12"
    page.go_forward()
    page.wait_for_selector("#press-hold", timeout=WAIT)
    assert path_of(page).startswith("/play")


def test_back_takes_a_move_of_a_game_back(visit):
    page = visit().open("/play?moves=00")
    page.wait_for_selector("#press-hold", timeout=WAIT)
    before = page.inner_text("dl.facts")
    shown = "text => document.querySelector('dl.facts')?.innerText === text"
    page.click("#press-hold")
    page.wait_for_function("location.search.includes('moves=000')", timeout=WAIT)
    page.wait_for_function(f"text => !({shown})(text)", arg=before, timeout=WAIT)
    page.go_back()
    page.wait_for_function(shown, arg=before, timeout=WAIT)
    page.wait_for_function("/moves=00(&|$)/.test(location.search)", timeout=WAIT)
    page.click("#press-hold")
    page.wait_for_function("/moves=000(&|$)/.test(location.search)", timeout=WAIT)


def test_undo_takes_one_move_back(visit):
    page = visit().open("/play?moves=00")
    page.wait_for_selector("#press-undo:enabled", timeout=WAIT)
    page.click("#press-undo")
    page.wait_for_function("/moves=0(&|$)/.test(location.search)", timeout=WAIT)
    page.click("#press-undo")
    page.wait_for_selector("#press-undo:disabled", timeout=WAIT)


def test_a_game_is_not_thrown_away_without_a_question(visit):
    page = visit().open("/play?moves=00")
    page.wait_for_selector("#press-hold", timeout=WAIT)
    page.select_option("#choose-side", "CHINA")
    page.wait_for_selector("[role=alertdialog]", timeout=WAIT)
    assert "with 2 moves of yours" in page.inner_text("[role=alertdialog]")
    page.click("#press-keep")
    page.wait_for_selector("[role=alertdialog]", state="detached", timeout=WAIT)
    assert page.input_value("#choose-side") == "US"
    assert "moves=00" in path_of(page)
    page.select_option("#choose-side", "CHINA")
    page.click("#press-throw")
    page.wait_for_function("location.search.includes('side=CHINA')", timeout=WAIT)
    assert "moves" not in path_of(page)


def test_changes_add_up_while_the_page_asks(visit):
    page = visit().open("/play?moves=00")
    page.select_option("#choose-side", "CHINA", timeout=WAIT)
    page.wait_for_selector("[role=alertdialog]", timeout=WAIT)
    page.select_option("#choose-opponent", "dove")
    page.wait_for_function("document.querySelector('#choose-opponent').value === 'dove'")
    page.click("#press-throw")
    page.wait_for_function("location.search.includes('opponent=dove')", timeout=WAIT)
    assert "side=CHINA" in path_of(page)


def test_the_link_of_a_view_can_be_copied(visit):
    page = visit().open("/whatif?from=2025-11-10&set=breach_cost=1.5")
    page.wait_for_selector("#press-copy-link", timeout=WAIT)
    page.click("#press-copy-link")
    page.wait_for_selector("#press-copy-link:has-text('copied')", timeout=WAIT)
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.endswith("/whatif?from=2025-11-10&set=breach_cost=1.5")
    assert "token" not in copied


def test_a_list_looks_like_one(visit):
    page = visit().open("/play")
    page.wait_for_selector("#choose-side", timeout=WAIT)
    look = "getComputedStyle(document.querySelector('#choose-side')).backgroundImage"
    assert "gradient" in page.evaluate(look)  # the arrow


def test_what_if_answers_in_a_sentence_with_its_range(visit):
    page = visit().open("/whatif?from=2025-11-10&set=breach_cost=1.5")
    page.wait_for_selector("#told:has-text('the truce is still in force')", timeout=2 * WAIT)
    told = page.inner_text("#told")
    assert "A year after the change" in told
    assert "posterior draws" in told


def test_replay_opens_on_a_week_in_which_something_happens(visit):
    page = visit().open("/replay")
    page.wait_for_selector("#range-week", timeout=WAIT)
    page.wait_for_function("document.querySelector('#range-week').value > 0", timeout=WAIT)
    assert page.locator(".events button").count() >= 3
