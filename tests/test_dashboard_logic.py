"""What the page shows, without a browser: addresses, the recorded year, questions, figures."""

import datetime as dt
import re
import subprocess
import sys
import threading
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli_helpers import PATIENCE
from negotiation_abm.cli import main
from negotiation_abm.dashboard import (
    answers,
    figures,
    knobs,
    permalink,
    pictures,
    question,
    settings,
    warm,
)
from negotiation_abm.dashboard.jobs import CancelledError, Task
from negotiation_abm.dashboard.question import Question
from negotiation_abm.dashboard.settings import Settings
from negotiation_abm.files.errors import InputError
from negotiation_abm.replay.story import facts_by_date, load_story, sources_of
from negotiation_abm.studies.whatif.run import as_csv, run_whatif

BASE = "baseline_2025"
DAY = dt.date(2025, 10, 6)
RUNS = 300


@pytest.fixture
def small():
    """A server that plays few runs, and is ready."""
    before = settings.current()
    settings.configure(Settings(replicates=RUNS))
    warm.start()
    assert warm.wait(PATIENCE)
    yield
    settings.configure(before)


def task():
    return Task(lambda share, text: None)


# ---------------------------------------------------------------------------
# Addresses


def test_address_holds_what_is_not_usual():
    fields = {"week": permalink.whole(3, 0, 9), "kind": permalink.choice("a", ["a", "b"])}
    assert permalink.write({"week": 3, "kind": "a"}, fields) == ""
    assert permalink.write({"week": 4, "kind": "b"}, fields) == "week=4&kind=b"
    assert permalink.read("", fields) == {"week": 3, "kind": "a"}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("week=10", "'10' is out of range; allowed: 0 to 9"),
        ("week=", "allowed: 0 to 9"),
        ("week=1&week=1", "given twice"),
        ("weak=1", "did you mean 'week'"),
        ("day=2025-02-30", "expected YYYY-MM-DD"),
        ("day=2024-12-31", "allowed: 2025-01-01 to 2025-12-31"),
        ("week=" + "1" * 5000, "allowed: 4000"),
        ("week=٣x", "allowed"),
    ],
)
def test_wrong_address_names_place_and_what_is_allowed(query, words):
    fields = {
        "week": permalink.whole(3, 0, 9),
        "day": permalink.day(DAY, dt.date(2025, 1, 1), dt.date(2025, 12, 31)),
    }
    with pytest.raises(InputError) as raised:
        permalink.read(query, fields)
    assert words in str(raised.value)
    assert str(raised.value).startswith("address of the page")


@given(
    week=st.integers(0, 50),
    values=st.dictionaries(
        st.sampled_from(["breach_cost", "fatigue", "levers.US.chips.irreplaceability"]),
        st.integers(0, 100).map(lambda k: k / 100),
    ),
    skip=st.lists(st.sampled_from(["S21", "S24", "O52"]), unique=True),
)
def test_question_and_its_address_are_one(week, values, skip):
    date = load_story(BASE).game.scenario.date_of(week)
    asked = Question(BASE, date, tuple(values.items()), tuple(skip))
    assert question.read(question.write(asked)) == asked


# ---------------------------------------------------------------------------
# The recorded year


def test_story_tells_every_row_of_the_year():
    story = load_story(BASE)
    told = [row.id for event in story.events for row in event.rows]
    start = story.game.scenario.start
    assert sorted(told) == sorted(row.id for row in story.record.rows if row.date >= start)
    assert len(story.weeks) == 50


def test_probability_of_an_event_is_that_of_the_replay():
    story = load_story(BASE)
    event = story.event("S24")
    decided = {item["rows"][0]: item for item in story.summary["decisions_not_hold"]}
    assert event.probability == decided["S24"]["probability"]
    assert event.probability <= event.type_probability
    assert [row.id for row in event.rows] == decided["S24"]["rows"]
    assert story.event("S25") is event  # a further row of the same package


def test_facts_and_sources_have_names():
    assert any(fact["id"] == "us_threat_announced" for fact in facts_by_date()["2025-10-10"])
    assert sources_of("001; general knowledge")[0].startswith("news preview, BBC")
    assert sources_of("general knowledge") == ["General knowledge"]
    assert sources_of("Trivium") == ["Trivium"]


# ---------------------------------------------------------------------------
# What can be altered


def test_knobs_say_unit_range_and_what_they_rest_on():
    every = {knob.name: knob for knob in knobs.knobs(BASE)}
    parameters = load_story(BASE).game.parameter_set
    for knob in every.values():
        assert knob.low <= knob.value <= knob.high
        assert knob.low < knob.high
        assert knob.hint
    assert every["breach_cost"].value == parameters.values["breach_cost"]
    assert ". Fitted; the record carries it; 95 % of posterior draws" in every["breach_cost"].hint
    for knob in every.values():
        assert not re.search(r"nats|MAP|\w_\w|CHINA", knob.hint)
    assert "Fitted; the record and the prior share it" in every["shadow"].hint
    assert every["initiative.US"].value == parameters.values["initiative"]["US"]
    assert "initiative" not in every["initiative.CHINA"].hint.replace("initiative.CHINA", "")
    rare = every["levers.CHINA.rare_earths.irreplaceability"]
    assert (rare.low, rare.high, rare.is_first) == (0.0, 1.0, True)
    assert "magnet" in rare.hint


def test_moving_the_date_drops_moves_that_come_before():
    asked = Question(BASE, DAY, moves=("2025-10-06:US:HOLD", "2025-11-03:US:HOLD"))
    assert asked.at(dt.date(2025, 10, 13)).moves == ("2025-11-03:US:HOLD",)


# ---------------------------------------------------------------------------
# Answers


def test_answer_is_what_the_command_writes(small, tmp_path, capsys):
    asked = Question(
        BASE, DAY, (("fatigue", 1.5),), skip=("S21",), moves=("2025-11-03:CHINA:HOLD",)
    )
    found = answers.answer(asked, task())
    words = asked.command().split()
    assert main([*words[1:], "--out", str(tmp_path)]) == 0
    capsys.readouterr()
    assert as_csv(found.table) == (tmp_path / "differences.csv").read_text()
    assert as_csv(found.paths) == (tmp_path / "paths.csv").read_text()
    assert found.summary["alteration"] == [
        "without S21 of the record",
        "China does nothing in the week of 2025-11-03",
        "how pain leads to a settlement: 1.5",
    ]


def test_nothing_altered_plays_one_branch_and_differs_nowhere(small):
    found = answers.answer(Question(BASE, DAY), task())
    assert (found.table["difference"] == 0.0).all()
    again = run_whatif(Question(BASE, DAY).whatif, RUNS, 1)
    assert again["outcomes"] == found.summary["outcomes"]


def test_many_pages_get_their_own_answers(small):
    """Ten threads at once, two of each question; none sees another's answer."""
    asked = [Question(BASE, DAY, (("breach_cost", 1.0 + k % 5),)) for k in range(10)]
    found = [None] * len(asked)

    def ask(place):
        found[place] = answers.answer(asked[place], task())

    threads = [threading.Thread(target=ask, args=(k,)) for k in range(len(asked))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.question for answer in found] == asked
    assert len({as_csv(answer.table) for answer in found}) == 5


def test_newer_request_ends_the_older_at_once(small):
    """The work leaves off at the first chunk of runs after it is cancelled."""
    shares = []

    class Cancelled(Task):
        def progress(self, share, text=""):
            shares.append(share)
            super().progress(share, text)
            self.cancel()

    settings.configure(Settings(replicates=200_000))
    with pytest.raises(CancelledError):
        answers.answer(Question(BASE, DAY, (("breach_cost", 2.2),)), Cancelled(lambda *_: None))
    assert shares[-1] < 0.1


@pytest.mark.parametrize(
    "asked",
    [
        Question(BASE, dt.date(2027, 1, 4)),
        Question(BASE, DAY, skip=("S999",)),
        Question(BASE, DAY, (("breach_cost", 1e9),)),
        Question(BASE, DAY, moves=("2025-10-06:US:ESCALATE:soybeans",)),
    ],
)
def test_impossible_question_is_one_line(small, asked):
    with pytest.raises(InputError) as raised:
        answers.answer(asked, task())
    assert "\n" not in str(raised.value)


# ---------------------------------------------------------------------------
# Figures


def colours_of(svg):
    """Fills and strokes of an SVG."""
    found = set()
    for element in ET.fromstring(svg).iter():
        for part in element.get("style", "").split(";"):
            name, _, value = part.partition(":")
            if name.strip() in ("fill", "stroke"):
                found.add(value.strip())
    return found


@pytest.mark.parametrize("is_narrow", [False, True])
def test_figures_in_the_dark_have_no_dark_ink(small, is_narrow):
    story = load_story(BASE)
    found = answers.answer(Question(BASE, DAY, (("fatigue", 1.5),)), task())
    for make in (
        lambda: pictures.timeline_figure(story.summary, is_narrow),
        lambda: pictures.whatif_figure(found.paths, found.summary, is_narrow),
    ):
        light, dark = (colours_of(figures.shown(make, is_dark).svg) for is_dark in (False, True))
        assert "#0072b2" in light
        assert not dark & {"#000000", "#0072b2", "#707070"}
        assert figures.GROUND in dark


def test_same_figure_gives_the_same_file():
    story = load_story(BASE)

    def make():
        return pictures.timeline_figure(story.summary, False)

    assert figures.file_of(make, "svg", "about") == figures.file_of(make, "svg", "about")


def test_marks_stand_on_their_moves():
    story, found = load_story(BASE), []

    def make():
        figure = pictures.timeline_figure(story.summary, False)
        found.append(pictures.places(figure, story.summary))
        return figure

    figures.shown(make, False)
    places = found[0]
    assert len(places.marks) == len(story.summary["decisions_not_hold"])
    for mark in places.marks:
        week = (mark.x - places.first) / places.a_week
        assert mark.turn <= week + 1e-6
        assert week < mark.turn + 1.0
        assert 0.0 < mark.y < 1.0


# ---------------------------------------------------------------------------
# Compiling


def test_an_empty_cache_is_filled_by_a_process_of_its_own(tmp_path, monkeypatch):
    """So that the page answers meanwhile; a cache that holds something is used as it is."""
    asked = []
    monkeypatch.setattr(warm, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(subprocess, "run", lambda words, **_: asked.append(words))
    warm._compile_apart()
    assert [words[0] for words in asked] == [sys.executable]
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "kernel.nbi").touch()
    warm._compile_apart()
    monkeypatch.setattr(warm, "cache_folder", lambda: None)
    warm._compile_apart()
    assert len(asked) == 1


# ---------------------------------------------------------------------------
# The command


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--port", "0"], "allowed: 1 to 65535"),
        (["--port", "http"], "not a whole number"),
        (["--host", "256.256.256.256"], "256.256.256.256:8765"),
    ],
)
def test_wrong_address_to_listen_on(options, words, capsys):
    try:
        status = main(["dashboard", "--no-browser", *options])
    except SystemExit as leaving:
        status = leaving.code
    assert status == 2
    error = capsys.readouterr().err
    assert words in error
    assert "Traceback" not in error


def test_command_line_stays_light():
    code = (
        "import sys; from negotiation_abm.cli import _parser; _parser(); "
        "print([name for name in ('solara', 'starlette', 'matplotlib') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
