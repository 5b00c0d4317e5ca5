"""The calendar of a scenario, week by week: meetings, salience, shocks, scripts."""

import datetime as dt

import numpy as np

from negotiation_abm.core.state import WEEK
from negotiation_abm.core.terms import Forum, Move, option_of
from negotiation_abm.scenario.schema import Scenario


def scenario_weeks(scenario: Scenario) -> np.ndarray:
    """One `WEEK` record a turn, shape (horizon_weeks,)."""
    weeks = np.zeros(scenario.horizon_weeks, WEEK)
    weeks["salience"] = 1.0
    weeks["shock"] = np.nan
    weeks["script"] = -1
    for kind, meetings in (
        (Forum.ROUND, scenario.calendar.rounds),
        (Forum.SUMMIT, scenario.calendar.summits),
    ):
        for meeting in meetings:
            turn = scenario.turn_of(meeting.date)
            weeks["forum"][turn] = max(weeks["forum"][turn], int(kind))
    weeks["weeks_to_summit"] = _weeks_to_summit(scenario)
    _fill_salience(scenario, weeks)
    changed = weeks["salience"][1:] != weeks["salience"][:-1]
    weeks["new_salience"][1:] = changed.any(axis=(1, 2))
    for shock in scenario.shocks:
        i, a = scenario.lever_place(shock.lever)
        turn = scenario.turn_of(shock.date)
        weeks["shock"][turn, i, a] = shock.level
        weeks["has_shock"][turn] = 1
    for entry in scenario.script:
        player = scenario.players.index(entry.player)
        option = _option(scenario, player, entry.move, entry.lever)
        weeks["script"][scenario.turn_of(entry.date), player, entry.exchange - 1] = option
    return weeks


def _option(scenario: Scenario, player: int, move: str, lever: str | None) -> int:
    names = list(scenario.levers[scenario.players[player]])
    return int(option_of(Move[move], names.index(lever) if lever else 0))


def _weeks_to_summit(scenario: Scenario) -> np.ndarray:
    """Weeks to the next summit that is announced by then; -1 where there is none."""
    ahead = np.full(scenario.horizon_weeks, -1)
    for meeting in sorted(scenario.calendar.summits, key=lambda m: m.date, reverse=True):
        last = scenario.turn_of(meeting.date)
        known = scenario.turn_of(meeting.announced) if meeting.announced else 0
        for turn in range(max(0, known), last + 1):
            ahead[turn] = last - turn
    return ahead


def _fill_salience(scenario: Scenario, weeks: np.ndarray) -> None:
    """Factors of the calendar, judged on the middle day of each week."""
    middle = [scenario.date_of(turn) + dt.timedelta(days=3) for turn in range(len(weeks))]
    for season in scenario.calendar.seasons:
        i, a = scenario.lever_place(season.lever)
        for turn, day in enumerate(middle):
            if day.month in season.months:
                weeks["salience"][turn, i, a] *= season.factor
    for approach in scenario.calendar.approaches:
        i, a = scenario.lever_place(approach.lever)
        for turn, day in enumerate(middle):
            weeks_to = (approach.date - day).days / 7.0
            if 0.0 <= weeks_to <= approach.ramp_weeks:
                share = 1.0 - weeks_to / approach.ramp_weeks
                weeks["salience"][turn, i, a] *= 1.0 + (approach.factor - 1.0) * share
