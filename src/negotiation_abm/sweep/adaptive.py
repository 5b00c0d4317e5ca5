"""Adaptive replicates: go on at a point until an outcome is known well enough.

A point starts with the spec's `replicates`. Then its 95 % interval is looked at; while it is too
wide, the number of runs is raised to what the width asks for (errors fall with the square root),
at most fourfold at a time, in multiples of the first number, up to the cap. The look at *n* runs
sees the first *n* runs of the point and nothing else, so the numbers are the same whatever the
chunks, the workers, or how often the sweep was stopped.
"""

import numpy as np

from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.run.registry import outcomes_for
from negotiation_abm.scenario.load import scenario_of
from negotiation_abm.sweep.cells import Rectangle
from negotiation_abm.sweep.estimates import Estimator, Outcome, Settings
from negotiation_abm.sweep.plan import Plan
from negotiation_abm.sweep.reader import Reader, windows
from negotiation_abm.sweep.spec import Stop

MARGIN = 1.05  # more runs than the width asks for, so that the next look is the last
MOST_GROWTH = 4.0
LEAST_GROWTH = 1.25


class Adaptive:
    """How many runs each point is to have.

    Attributes
    ----------
    wanted : ndarray of int, shape (points,)
    settled : ndarray of bool
        Is the number final?
    width : ndarray of float
        Half-width of the interval at the last look.
    """

    def __init__(self, plan: Plan, window: Rectangle) -> None:
        stop = plan.spec.stop
        assert stop is not None
        self._stop: Stop = stop
        self._first = plan.spec.replicates
        self._settings = Settings(tuple(plan.spec.days), plan.spec.rmst_days)
        self.outcome = outcome_of(plan)
        self.wanted = np.zeros(plan.num_points, dtype=np.int64)
        self.wanted[window.point : window.end] = self._first
        self.settled = self.wanted == 0
        self.width = np.full(plan.num_points, np.nan)

    def met(self) -> np.ndarray:
        """Is the interval of a point narrow enough?"""
        return np.asarray(self.width <= self._stop.half_width)

    def look(self, reader: Reader, failed: np.ndarray) -> None:
        """Look at every open point with the runs that it was to have, and decide."""
        self.settled |= failed
        open_runs = np.where(self.settled, 0, self.wanted)
        for group in windows(open_runs):
            points = np.arange(group[0].point, group[0].end)
            if open_runs[points].any():
                self.width[points] = np.where(
                    self.settled[points], self.width[points], self._widths(reader, group)
                )
        narrow, full = self.met(), self.wanted >= self._stop.cap
        self.settled |= narrow | full
        ratio = np.nan_to_num(self.width / self._stop.half_width, nan=np.inf)
        growth = np.clip(MARGIN * ratio**2, LEAST_GROWTH, MOST_GROWTH)
        steps = np.ceil(self.wanted * growth / self._first).astype(np.int64)
        raised = np.minimum(steps * self._first, self._stop.cap)
        self.wanted = np.where(self.settled, self.wanted, raised)

    def _widths(self, reader: Reader, group: list[Rectangle]) -> np.ndarray:
        stops = self.wanted[group[0].point : group[0].end]
        estimator = Estimator(
            lambda: (reader.read(window).upto(stops) for window in group),
            len(stops),
            self._settings,
        )
        found = estimator.estimate()
        if self.outcome not in found.outcomes:
            return np.full(len(stops), np.nan)
        place = found.place(self.outcome)
        alike = (found.error[:, place] == 0.0) & np.isnan(found.low[:, place])
        width = np.asarray(found.high[:, place] - found.low[:, place]) / 2.0
        return np.where(alike, 0.0, width)  # more runs would be alike too


def outcome_of(plan: Plan) -> Outcome:
    """The outcome of the stop rule.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    spec = plan.spec
    assert spec.stop is not None
    of_truces = [f"survival_{days}" for days in spec.days] + ["rmst_weeks", "median_weeks"]
    base = scenario_of(plan.source.path, plan.source.content, spec.set)
    first = plan.games().game(plan.changes(0))
    columns = [outcome.name for outcome in outcomes_for(first, "sweep")]
    of_runs = ["first_truce_weeks", *(name for name in columns if name != "first_truce_week")]
    if spec.stop.outcome in of_runs:
        return Outcome("", "", spec.stop.outcome)
    if spec.stop.outcome not in of_truces:
        hint = suggest(spec.stop.outcome, [*of_truces, *of_runs])
        raise InputError(spec.path, f"stop.outcome: {spec.stop.outcome}", f"unknown; {hint}")
    group = spec.stop.group or ("running" if base.truce else "all")
    return Outcome(spec.stop.measure, group, spec.stop.outcome)
