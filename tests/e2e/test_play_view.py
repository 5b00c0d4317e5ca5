"""The view Play: a game played to its end, saved, loaded; its address, its files, wrong files."""

import json
import re
import subprocess
import sys
import time
import urllib.parse

import pytest

from e2e_helpers import NARROW, VIEW_SECONDS, WIDE, fits, saved, shot

MIDDLE = "/play?moves=000000000000000005000000"
SHORT = "/play?weeks=13&seed=3"
STRICT = SHORT + "&set=" + urllib.parse.quote('{"restore_share":0}')  # any covered step breaks it


def over(page):
    page.wait_for_selector("text=weeks in a truce", timeout=2000 * VIEW_SECONDS)


def play_again(tmp_path, game, *options):
    """What the command writes for a saved game."""
    path = tmp_path / "game.json"
    path.write_bytes(game)
    words = [sys.executable, "-m", "negotiation_abm.cli", "play", str(path)]
    done = subprocess.run(
        [*words, "--out", str(tmp_path / "out"), *options], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["wide", "narrow"])
def test_looks(visit, name, scheme):
    one = visit({"wide": WIDE, "narrow": NARROW}[name], scheme)
    page = one.open(MIDDLE)
    one.settle()
    assert fits(page)
    shot(one, f"play_{name}" + ("_dark" if scheme == "dark" else ""))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["wide", "narrow"])
def test_looks_at_the_end(visit, name, scheme):
    one = visit({"wide": WIDE, "narrow": NARROW}[name], scheme)
    page = one.open(MIDDLE)
    page.click("#press-rest")
    over(page)
    one.settle()
    assert fits(page)
    shot(one, f"play_end_{name}" + ("_dark" if scheme == "dark" else ""))


def test_game_is_played_to_its_end(visit, tmp_path):
    """Every kind of move by hand; the saved game gives the same log and state in a terminal."""
    one = visit()
    page = one.open(STRICT, ".moves")
    page.click("button[data-option='5']")  # raises chips: strains the truce
    page.wait_for_selector(".log li.own:has-text('raises chip controls')")
    page.click("button[data-option='6']")  # threatens chips
    page.wait_for_selector(".log li.own:has-text('threatens with chip controls')")
    page.click("button[data-option='7']")  # eases chips
    page.wait_for_selector(".log li.own:has-text('eases chip controls')")
    page.click("button[data-option='2']")  # raises tariffs: breaks the truce
    page.wait_for_selector(".log li.ended:has-text('this breaks the truce')")
    assert "none: dispute" in page.inner_text(".facts")
    page.click("button[data-option='1']")  # offers to suspend
    page.wait_for_selector(".log li.own:has-text('offers to suspend')")
    for _ in range(60):
        before = page.inner_text(".facts")
        if "the game is over" in before:
            break
        page.click("#press-hold", timeout=5000 * VIEW_SECONDS)
        page.wait_for_function("b => document.querySelector('.facts').innerText !== b", arg=before)
    over(page)
    one.settle()
    page.wait_for_selector(".moves", state="detached")
    lines = page.locator(".log li").all_inner_texts()
    text = play_again(tmp_path, saved(page, "game_busan_2025_US_3.json"))
    for line in lines:
        assert line.replace("\N{NO-BREAK SPACE}", " ").split("\n")[-1][:60] in text
    for name in ("log.csv", "standing.csv", "simulated.csv"):
        assert saved(page, name) == (tmp_path / "out" / name).read_bytes(), name
    for name in ("game", "standing"):
        assert saved(page, f"{name}.png").startswith(b"\x89PNG")
        assert b"<svg" in saved(page, f"{name}.svg")[:600]


def test_permalink_restores_the_game(visit):
    first = visit()
    page = first.open(SHORT, ".moves")
    page.click("#press-hold")
    page.wait_for_url(re.compile("moves=0$"))
    page.click("button[data-option='5']")
    page.wait_for_url(re.compile("moves=05$"))
    page.click("#press-advised")
    page.wait_for_url(re.compile("moves=05.$"))
    other = visit().open(page.url.split(first.server.address)[1], ".moves")
    for place in (".facts", ".board", ".moves", ".log"):
        assert page.inner_text(place) == other.inner_text(place)


def test_saved_game_goes_on_elsewhere(visit):
    page = visit().open(MIDDLE, ".moves")
    game = saved(page, "game_busan_2025_US_1.json")
    other = visit().open("/play?side=CHINA&seed=9", ".moves")
    file = {"name": "mine.json", "mimeType": "application/json", "buffer": game}
    other.set_input_files("#load-game", file)
    other.wait_for_selector("text=Your move as US")
    for place in (".facts", ".board", ".log"):
        assert page.inner_text(place) == other.inner_text(place)
    other.wait_for_url("**" + MIDDLE)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda game: "{", ("bad.json: line 1: not valid JSON",)),
        (lambda game: "[1]", ("bad.json: top level",)),
        (lambda game: json.dumps(game | {"seed": -3}), ("bad.json: seed", "greater than or equal")),
        (lambda game: json.dumps(game | {"moves": ["JUMP"]}), ("moves.0", "JUMP", "unknown move")),
        (lambda game: json.dumps(game | {"moves": ["HOLD"] * 5}), ("state", "edited")),
        (lambda game: json.dumps(game | {"scenario": "/etc/passwd"}), ("scenario", "/etc/passwd")),
        (lambda game: json.dumps(game | {"side": "<b>"}), ("side", "<b>", "allowed: US, CHINA")),
        (lambda game: "\x00" * 100, ("bad.json",)),
        (lambda game: " " * 2_100_000, ("2,100,000 bytes; allowed: up to 2,000,000",)),
    ],
)
def test_wrong_file_is_a_message_and_the_game_goes_on(visit, change, words):
    page = visit().open(MIDDLE, ".moves")
    game = json.loads(saved(page, "game_busan_2025_US_1.json"))
    before = page.inner_text(".facts")
    content = change(game).encode()
    file = {"name": "bad.json", "mimeType": "application/json", "buffer": content}
    page.set_input_files("#load-game", file)
    page.wait_for_selector(".box.error")
    text = page.inner_text(".box.error")
    for word in words:
        assert word in text
    assert "Traceback" not in page.inner_text("body")
    assert page.inner_text(".facts") == before
    page.click("#press-hold")
    page.wait_for_function("b => document.querySelector('.facts').innerText !== b", arg=before)
    page.wait_for_selector(".box.error", state="detached")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/play?side=EU", ("side", "'EU'", "allowed: US, CHINA")),
        ("/play?scenario=busan", ("busan", "did you mean 'busan_2025'")),
        ("/play?opponent=human", ("human", "allowed")),
        ("/play?weeks=9000", ("weeks", "allowed: 0 to 2600")),
        ("/play?weeks=200", ("weeks", "beyond the horizon; allowed: 1 to 104")),
        ("/play?moves=0z", ("'z' is no move",)),
        ("/play?moves=1", ("moves, 1", "not legal")),
        ("/play?moves=00j", ("moves, 3", "'j' is no move")),
        ("/play?from=2025-10-06", ("record", "missing")),
        ("/play?set=%7B%22fatige%22%3A1%7D", ("fatige", "did you mean 'fatigue'")),
        ("/play?set=[1]", ("set", "no mapping")),
        ("/play?weeks=4&moves=" + "0" * 300, ("the game is over",)),
        ("/play?set=%7B%22parameters%22%3A%22%2Fetc%2Fpasswd%22%7D", ("parameters", "unknown")),
    ],
)
def test_wrong_address_is_a_message(visit, path, words):
    page = visit().open(path, ".box.error")
    text = page.inner_text(".box.error")
    for word in words:
        assert word in text
    assert "Traceback" not in page.inner_text("body")
    page.click("#tab-replay")
    page.wait_for_selector("#tab-replay.current")


def test_setting_up_begins_a_new_game(visit):
    page = visit().open(MIDDLE, ".moves")
    page.select_option("#choose-side", "CHINA")
    page.click("#press-throw")
    page.wait_for_selector("text=Your move as China")
    assert "1 of 52" in page.inner_text(".facts")
    assert "Nothing has happened" in page.inner_text(".log")
    page.select_option("#choose-opponent", "always_escalate")
    page.wait_for_url("**opponent=always_escalate*")
    page.fill("#entry-seed", "12")
    page.press("#entry-seed", "Tab")
    page.wait_for_url("**seed=12*")
    page.click("#press-news")
    page.wait_for_selector(".log li.other:has-text('US: raises')")
    page.select_option("#choose-scenario", "baseline_2025")
    page.click("#press-throw")
    page.wait_for_selector("#entry-from")
    page.fill("#entry-from", "2025-10-06")
    page.press("#entry-from", "Tab")
    page.wait_for_url("**from=2025-10-06*")
    page.wait_for_selector(".facts:has-text('2025-10-06')")
    page.fill("#entry-seed", "-4")
    page.press("#entry-seed", "Tab")
    page.wait_for_selector(".box.error:has-text('whole number')")


def test_worth_can_be_hidden(visit):
    page = visit().open("/play", ".moves")
    assert "Likely answers" in page.inner_text(".moves")
    page.click("#tick-worth")
    page.wait_for_selector(".moves:not(.with-worth)")
    assert "answers" not in page.inner_text(".moves")
    page.wait_for_url("**worth=0*")
    page.reload()
    page.wait_for_selector(".moves:not(.with-worth)")


def test_keyboard_plays(visit):
    page = visit().open("/play", ".moves")
    before = page.inner_text(".facts")
    page.focus("#press-hold")
    page.keyboard.press("Enter")
    page.wait_for_function("b => document.querySelector('.facts').innerText !== b", arg=before)
    page.focus("button[data-option='5']")
    page.keyboard.press("Space")
    page.wait_for_selector(".log li.own:has-text('raises chip controls')")


def test_moves_answer_at_once(visit, timings):
    page = visit().open("/play?weeks=104&seed=5", ".moves")
    page.wait_for_timeout(1500)
    seconds = []
    for _ in range(15):
        before, began = page.inner_text(".facts"), time.perf_counter()
        page.click("#press-hold")
        page.wait_for_function(
            "b => document.querySelector('.facts').innerText !== b", arg=before, polling=10
        )
        seconds.append(round(time.perf_counter() - began, 3))
    timings["move_to_answer_s"] = seconds
    assert sorted(seconds)[len(seconds) // 2] < 0.5


def test_two_people_play_their_own_games(visit):
    one, two = (visit().open(f"/play?seed={seed}", ".moves") for seed in (1, 2))
    one.click("button[data-option='5']")
    one.wait_for_selector(".log li.own:has-text('raises chip controls')")
    two.click("#press-hold")
    two.wait_for_timeout(400)
    assert "raises chip controls" not in two.inner_text(".log")
    assert "moves=0" in two.url
