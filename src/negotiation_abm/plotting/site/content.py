"""What the site shows: the answer, the year, recorded truces, what-ifs and how forecasts fared."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from negotiation_abm.files import words
from negotiation_abm.files.errors import InputError
from negotiation_abm.files.resources import shipped
from negotiation_abm.replay.story import Event, Story, load_story, sources_of
from negotiation_abm.run.posterior import Range, games_over_draws, range_over_draws
from negotiation_abm.run.sizes import RUNS
from negotiation_abm.scenario.game import Game
from negotiation_abm.scenario.posterior_draws import load_draws
from negotiation_abm.studies.episodes import replay_episodes
from negotiation_abm.studies.grid import Slider, grid_table, size_of, slider_of
from negotiation_abm.studies.reference_class import class_curves, truces_of
from negotiation_abm.studies.whatif.posterior import ranges_of_branches
from negotiation_abm.studies.whatif.run import branches
from negotiation_abm.studies.whatif.schema import FOLDER, load_whatif
from negotiation_abm.survival import DAYS

BASE = "baseline_2025"  # its record is the timeline
EXPIRES = {
    "10 February 2026": "2026-02-10",
    "10 May 2026": "2026-05-10",
    "10 November 2026, as agreed": None,
}
RARE = "levers.CHINA.rare_earths.irreplaceability"
Report = Callable[[str, int, int], None]  # stage, done, in all


@dataclass(frozen=True)
class Content:
    """All tables of the site.

    Attributes
    ----------
    answer : Range
        Of the scenario as it is, over the posterior draws.
    recorded : DataFrame
        Survival of recorded truces of all episodes (``reference_class.csv``).
    truces : DataFrame
        The recorded truces, a row each and measure.
    grid : DataFrame
        The answer at each point of the sliders.
    whatifs : DataFrame
        The shipped what-ifs, a row each, measure and number of days.
    forecasts : DataFrame
        What was expected of the truce by some dates, and what the record says became of it.
    events : tuple of Event
        The recorded year in order.
    """

    game: Game
    seed: int
    answer: Range
    recorded: pd.DataFrame
    truces: pd.DataFrame
    sliders: tuple[Slider, ...]
    grid: pd.DataFrame
    whatifs: pd.DataFrame
    forecasts: pd.DataFrame
    story: Story
    events: tuple[Event, ...]


def gather(game: Game, seed: int, draws: int, threads: int | None, report: Report) -> Content:
    """Compute all that the site shows.

    Raises
    ------
    InputError
        If no truce is in force at the start, the parameter set has no posterior draws, or none is
        asked for.
    """
    scenario = game.scenario
    if draws < 1:
        raise InputError("--draws", str(draws), "the site shows the range over draws; 1 or more")
    if scenario.truce is None:
        raise InputError(scenario.path, "truce", "missing; the site is about a truce in force")
    if not games_over_draws(game, 1):
        problem = "has no posterior draws beside it; the site needs a calibrated set"
        raise InputError(game.parameter_set.path, "", problem)
    answer = range_over_draws(
        game, seed, draws, threads=threads, progress=lambda n: report("answer", n, draws * RUNS)
    )
    assert answer is not None
    sliders = sliders_of(game)
    points = size_of(sliders)
    grid = grid_table(
        str(scenario.path),
        sliders,
        seed,
        draws,
        threads=threads,
        progress=lambda n: report("what-ifs", n, points),
    )
    names = list(shipped(FOLDER, ".yaml"))
    rows = []
    for number, name in enumerate(names, start=1):
        rows += _whatif_rows(name, seed, draws, threads)
        report("questions", number, len(names))
    episodes = replay_episodes([])
    truces = truces_of(episodes)
    story = load_story(BASE)
    return Content(
        game=game,
        seed=seed,
        answer=answer,
        recorded=class_curves(episodes),
        truces=truces,
        sliders=sliders,
        grid=grid,
        whatifs=pd.DataFrame(rows),
        forecasts=forecast_table(game, answer, truces),
        story=story,
        events=story.events,
    )


def sliders_of(game: Game) -> tuple[Slider, ...]:
    """The sliders of the site: the date of the truce, the cost of breaking it, rare earths."""
    draws = load_draws(game.parameter_set.path)
    chosen = [slider_of("truce.expires", EXPIRES, "10 November 2026, as agreed")]
    if "breach_cost" in draws:
        low, high = (float(round(x, 2)) for x in draws["breach_cost"].quantile([0.1, 0.9]))
        values = {"low": low, "as fitted to the record": None, "high": high}
        chosen.append(slider_of("breach_cost", values, "as fitted to the record"))
    values = {"easy": 0.4, "harder": 0.7, "very hard, as now": None}
    chosen.append(slider_of(RARE, values, "very hard, as now"))
    return tuple(chosen)


def _whatif_rows(name: str, seed: int, draws: int, threads: int | None) -> list[dict[str, Any]]:
    """A shipped what-if over the posterior draws; one row without numbers where none is told."""
    pair = branches(load_whatif(name))
    games = pair.factual.game, pair.altered.game
    found = ranges_of_branches(*games, seed, draws, threads=threads)
    about = {"whatif": name, "question": pair.whatif.title or name, "from": str(pair.whatif.date)}
    if found is None:
        return [about | {"measure": "covered", "days": None}]
    rows = []
    for row in found["rows"]:
        numbers: dict[str, float] = {}
        for side in ("factual", "altered", "difference"):
            numbers |= dict(zip((side, f"{side}_low", f"{side}_high"), row[side], strict=True))
        rows.append(about | {"measure": row["measure"], "days": row["days"]} | numbers)
    return rows


def forecast_table(game: Game, answer: Range, truces: pd.DataFrame) -> pd.DataFrame:
    """What the draws expect by each date, beside what the records say, with the Brier score.

    Returns
    -------
    DataFrame
        measure, days, date, share, low, high, outcome (True: the truce stood, False: it had ended,
        missing: not known yet), brier (squared distance of the share from the outcome).
    """
    began = game.scenario.truce.began if game.scenario.truce else game.scenario.start
    rows = []
    for measure in words.MEASURE_TITLES:
        for days in DAYS:
            share, low, high = answer.at_days(measure, days)
            date = began + dt.timedelta(days=days)
            stood = _stood(truces, measure, began, date)
            known = stood is not None and share is not None
            brier = (share - float(bool(stood))) ** 2 if known and share is not None else None
            rows.append(
                {
                    "measure": measure,
                    "days": days,
                    "date": date.isoformat(),
                    "share": share,
                    "low": low,
                    "high": high,
                    "outcome": stood,
                    "brier": brier,
                }
            )
    return pd.DataFrame(rows)


def _stood(truces: pd.DataFrame, measure: str, began: dt.date, date: dt.date) -> bool | None:
    """Did the US-China truce in force on `began` stand on `date`, by the latest record of it?"""
    own = truces[
        truces["episode"].str.startswith("us_china")
        & (truces["measure"] == measure)
        & (truces["start"] <= began.isoformat())
        & (truces["end"] > began.isoformat())
        & truces["reading"].eq("")
    ]
    if own.empty:
        return None
    last = own.sort_values("end").iloc[-1]
    if last["end"] >= date.isoformat():
        return True
    return False if bool(last["ended"]) else None


def source_text(event: Event) -> str:
    """The sources of an event in words."""
    return "; ".join(dict.fromkeys(s for row in event.rows for s in sources_of(row.source)))
