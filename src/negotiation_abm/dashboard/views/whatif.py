"""What if: leave the record at a week, alter something, and see both branches side by side."""

from typing import Any

import solara
from matplotlib.figure import Figure

from negotiation_abm.dashboard import answers, figures, pictures, question, settings
from negotiation_abm.dashboard.answers import Answer
from negotiation_abm.dashboard.jobs import Job, Task, use_job
from negotiation_abm.dashboard.parts import (
    Command,
    Downloads,
    Note,
    Picture,
    Progress,
    Table,
)
from negotiation_abm.dashboard.parts.question import Branch, Knobs, Shipped, Truce
from negotiation_abm.dashboard.question import Question
from negotiation_abm.dashboard.session import OpenPage, Screen
from negotiation_abm.files import words
from negotiation_abm.files.words import escape
from negotiation_abm.run import range_words
from negotiation_abm.run.outcome import digits_of
from negotiation_abm.run.sizes import DRAWS
from negotiation_abm.studies.whatif.run import as_csv
from negotiation_abm.survival.words import ONE_RUN, is_clear

SETTLED = 0.5  # seconds after the curve before its range is worked out
NO_UNIT = ("share", "weeks", "count")  # the outcome or its value says it


@solara.component
def View(session: OpenPage, screen: Screen, query: str) -> None:
    """Controls on one side, both branches on the other."""
    first = solara.use_memo(lambda: question.read(query), [])
    asked, set_asked = solara.use_state(first)
    job = use_job(lambda task: _work(task, asked, screen), (asked, screen))
    is_drawn = job.key == (asked, screen)
    ranges = use_job(lambda task: _range(task, asked) if is_drawn else None, (asked, is_drawn))

    def ask(new: Question) -> None:
        set_asked(new)
        session.remember("whatif", question.write(new))

    solara.HTML(tag="h2", unsafe_innerHTML="What if?")
    solara.HTML(
        tag="p",
        classes=["lead"],
        unsafe_innerHTML=(
            "The record is replayed up to a week; from then on both sides play freely, "
            f"{settings.current().replicates:,} times. Alter something, and see what it changes in "
            "the same runs with the same draws."
        ),
    )
    if not job.error:
        _Told(asked, ranges)
    with solara.Div(classes=["grid", "sides"]):
        with solara.Div(classes=["stack"]):
            Shipped(asked, ask)
            Branch(asked, ask)
            Truce(asked, ask)
            if screen.is_narrow:
                _Curves(job)
            Knobs(asked, ask)
        with solara.Div(classes=["stack"]):
            if not screen.is_narrow:
                _Curves(job)
            _Result(asked, job)


@solara.component
def _Told(asked: Question, ranges: Job) -> None:
    """The answer in a sentence, with its range over the posterior draws."""
    if ranges.error:
        return  # the job of the figure says the same
    if ranges.is_running or ranges.key != (asked, True):
        text = f"Working out the answer over {DRAWS} posterior draws ..."
    elif ranges.value is None:
        text = "No truce is in force then, or the parameters have no posterior draws: no range."
    elif asked.is_altered:
        text = range_words.branches_sentence(ranges.value)
    else:
        text = range_words.as_recorded_sentence(ranges.value)
    if ranges.value is not None and not ranges.is_running:
        text += (
            f" In brackets: the middle 90 % of {ranges.value['draws']} posterior draws; below, "
            "simulation error alone."
        )
    solara.HTML(
        tag="p",
        classes=["told"],
        unsafe_innerHTML=escape(text),
        attributes={"role": "status", "id": "told"},
    )


def _work(task: Task, asked: Question, screen: Screen) -> tuple[Answer, figures.Shown]:
    found = answers.answer(asked, task)
    task.check()
    return found, figures.shown(lambda: _figure(found, screen.is_narrow), screen.is_dark)


def _range(task: Task, asked: Question) -> dict[str, Any] | None:
    """The range, which takes all cores: the browser shows the curve first, or asks anew."""
    task.rest(SETTLED)
    return answers.range_of(asked, task)


def _figure(found: Answer, is_narrow: bool) -> Figure:
    return pictures.whatif_figure(found.paths, found.summary, is_narrow)


@solara.component
def _Curves(job: Job) -> None:
    """How far the work is, and the figure of both branches."""
    found, svg = job.value if job.value else (None, None)
    with solara.Div(classes=["card", "stack"]):
        if job.error:
            Note(job.error, kind="error")
        elif job.is_running:
            Progress(job.share, job.text or "playing both branches")
        else:
            Progress(1.0, _done(found, job.seconds))
        Picture(
            svg,
            "Both branches: survival of the truce, its difference, tariffs",
            job.is_running or bool(job.error),
            question.write(found.question) if found else "",
        )


@solara.component
def _Result(asked: Question, job: Job) -> None:
    """Differences of both branches, the command and the files."""
    found: Answer | None = job.value[0] if job.value else None
    if found is not None:
        with solara.Div(classes=["card", "stack"]):
            _Differences(found)
            for line in found.summary["notes"]:
                Note(line)
    with solara.Div(classes=["card", "stack"]):
        Command(asked.command())
        if found is not None and found.question == asked:
            Downloads(_files(found))


def _done(found: Answer | None, seconds: float) -> str:
    if found is None:
        return ""
    count = found.summary["replicates"]
    what = "; ".join(found.summary["alteration"])
    if not found.question.is_altered:
        return f"{count:,} runs as recorded in {seconds:.1f} s. Nothing is changed yet."
    return f"Changed: {what}. {count:,} paired runs, {seconds:.1f} s."


def _files(found: Answer) -> dict[str, Any]:
    """What can be downloaded; the tables are those that the command writes."""
    about = (
        f"scenario {found.summary['scenario']}  |  {'; '.join(found.summary['alteration'])}  |  "
        f"{found.summary['replicates']:,} runs, seed {found.summary['seed']}"
    )

    def make() -> Figure:
        return _figure(found, False)

    return {
        "differences.csv": lambda: as_csv(found.table).encode(),
        "paths.csv": lambda: as_csv(found.paths).encode(),
        "whatif.png": lambda: figures.file_of(make, "png", about),
        "whatif.svg": lambda: figures.file_of(make, "svg", about),
    }


@solara.component
def _Differences(found: Answer) -> None:
    """Each outcome in both branches and the paired difference with its interval."""
    if not found.question.is_altered:
        rows = [_plain(row) for row in found.summary["outcomes"]]
        columns = [("outcome", "left"), (words.ARMS["factual"], "right")]
        Table(columns=columns, rows=rows, caption="As recorded")
        return
    rows, strong = [], set()
    for number, row in enumerate(found.summary["outcomes"]):
        if is_clear(row):
            strong.add(number)
        ends = [row["low"], row["high"]]
        rows.append(
            [
                *_plain(row),
                _said(row, row["altered"]),
                _said(row, row["difference"], is_gap=True),
                ONE_RUN
                if row["low"] is None
                else " to ".join(_said(row, end, is_gap=True) for end in ends),
            ]
        )
    columns = [
        ("outcome", "left"),
        (words.ARMS["factual"], "right"),
        (words.ARMS["altered"], "right"),
        ("difference", "right"),
        ("95 %", "right"),
    ]
    Table(columns=columns, rows=rows, caption="What it changes", strong=strong)
    solara.HTML(
        tag="p",
        classes=["hint"],
        unsafe_innerHTML=(
            "Differences of shares are in points. Bold: the interval of the paired difference "
            "excludes 0. It is simulation error only; parameters are held fixed."
        ),
    )


def _plain(row: dict[str, Any]) -> list[str]:
    unit = "" if row["unit"] in NO_UNIT else f", {words.unit(row['unit'])}"
    return [row["text"] + unit, _said(row, row["factual"])]


def _said(row: dict[str, Any], value: float, is_gap: bool = False) -> str:
    """A value of an outcome for people: shares in percent, their differences in points."""
    sign = "+" if is_gap else ""
    if row["unit"] == "share":
        return f"{100 * value:{sign}.1f}" + ("" if is_gap else " %")
    return f"{value:{sign}.{digits_of(row['unit'], is_mean=True)}f}"
