"""Patterns P1 to P10: a statistic each, of records and of free runs.

A statistic of one course of events is a ratio, given as numerator and denominator, so that it can
be pooled over episodes. Each has a line that says when the pattern is there (such as "below 1"),
set before any free run was looked at, and the mechanism of the model that is to make it. The
verdict says whether the record's value lies in the central 90 % of single free runs of the same
episodes and lengths; `calibration.pool_patterns` says how often a model without it passes too.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from negotiation_abm.core.terms import Event, Forum, Move, TruceEnd
from negotiation_abm.core.tracker import COVERED
from negotiation_abm.replay.events import History

Ratio = tuple[float, float]

ANSWER_WEEKS = 2  # an answer comes within days; a week of grace for the turn's border
SPIRAL_GAP_WEEKS = 2  # a spiral is over when neither side has raised for longer
BEFORE_DATE_WEEKS = 6  # the run-up to a date
LONG_LEAD_WEEKS = 4  # leads of a month or more are long
CAPPED = 0.999
YOUNG_WEEKS = 13  # a truce is young for a quarter of a year


@dataclass(frozen=True)
class Statistic:
    """One statistic of a pattern.

    Attributes
    ----------
    pattern, text : str
        Number of the pattern; what is measured, with {first} and {second} for the players.
    ratio : callable
        History -> (numerator, denominator).
    line : float
        Where the pattern begins.
    below : bool
        Is the pattern there below the line (else above it)?
    without : str
        The mechanism of the model that is to make it, a name in `pool_patterns.MECHANISMS`.
    less : callable, optional
        A second ratio that is taken off.
    """

    pattern: str
    text: str
    ratio: Callable[[History], Ratio]
    line: float
    below: bool
    without: str = ""
    less: Callable[[History], Ratio] | None = None

    def text_of(self, players: Sequence[str]) -> str:
        """What is measured, with the players by name."""
        return self.text.format(first=players[0], second=players[1])

    def value(self, histories: Sequence[History]) -> float:
        """The statistic over pooled courses of events; NaN where it is not defined."""
        value = _pooled(self.ratio, histories)
        return value if self.less is None else value - _pooled(self.less, histories)

    def holds(self, value: float) -> bool:
        """Is the pattern there?"""
        return value < self.line if self.below else value > self.line


def _pooled(ratio: Callable[[History], Ratio], histories: Sequence[History]) -> float:
    parts = np.array([ratio(history) for history in histories]).reshape(-1, 2).sum(axis=0)
    return float(parts[0] / parts[1]) if parts[1] > 0 else float("nan")


def _tariff_raises(history: History, player: int) -> np.ndarray:
    """Turns in which a player raised its tariff."""
    levers = history.game.tariff_levers()
    if player not in levers:
        return np.zeros(0, dtype=np.int64)
    own = history.of(Move.ESCALATE, player)
    return np.asarray(own["turn"][own["lever"] == levers[player][0]])


def answered_raises(history: History) -> Ratio:
    """Tariff raises of the first player that the second answers in kind, while it has room."""
    raises, answers = _tariff_raises(history, 0), _tariff_raises(history, 1)
    room = _room(history)
    open_ = [turn for turn in raises if room[min(turn, len(room) - 1)]]
    hits = sum(any(turn <= a <= turn + ANSWER_WEEKS for a in answers) for turn in open_)
    return float(hits), float(len(open_))


def _room(history: History) -> np.ndarray:
    """Weeks before which the second player's tariff is below its cap."""
    if 1 not in history.game.tariff_levers():
        return np.ones(len(history.weeks) + 1, dtype=bool)
    lever = history.game.tariff_levers()[1][0]
    level = history.weeks["in_force"][:, 1, lever]
    cap = float(history.game.params["cap"][0, 1, lever])
    return np.concatenate([[True], level[:-1] < CAPPED * cap])


def longest_spiral(history: History) -> Ratio:
    """Weeks of the longest tariff spiral: both sides raise, no gap longer than the grace."""
    sides = [(turn, player) for player in (0, 1) for turn in _tariff_raises(history, player)]
    best, run = 0, [*sorted(sides)][:1]
    for turn, player in sorted(sides)[1:]:
        if turn - run[-1][0] > SPIRAL_GAP_WEEKS:
            run = []
        run.append((turn, player))
        if len({p for _, p in run}) == 2:
            best = max(best, run[-1][0] - run[0][0] + 1)
    return (float(best), 1.0) if best else (0.0, 0.0)


def sideways(history: History) -> Ratio:
    """The second player's escalations on other levers, after its tariff first reached the cap."""
    room = _room(history)
    capped = np.flatnonzero(~room)
    if len(capped) == 0:
        return 0.0, 0.0
    lever = history.game.tariff_levers()[1][0]
    own = history.of(Move.ESCALATE, 1)
    after = own[own["turn"] >= capped[0]]
    return float((after["lever"] != lever).sum()), float(len(after))


def mirrored(history: History) -> Ratio:
    """Agreements that lower levers: those in which both sides lower some."""
    agreed = history.moves[np.isin(history.moves["event"], (Event.BEGUN, Event.RENEWED))]
    eased = agreed["eased"]
    some = eased.sum(axis=1) > 0
    return float((eased[some] > 0).all(axis=1).sum()), float(some.sum())


def renewal_lead(history: History) -> Ratio:
    """Weeks before its date at which a truce is renewed; one without a date has none."""
    renewed = history.moves[history.moves["event"] == Event.RENEWED]
    renewed = renewed[renewed["weeks_left"] >= 0]
    return float(renewed["weeks_left"].sum()), float(len(renewed))


def lapses(history: History) -> Ratio:
    """Truces that lapse on their date, of all truces."""
    covered = [s for s in history.spells if s.measure == COVERED]
    lapsed = sum(s.cause == TruceEnd.LAPSE for s in covered)
    return float(lapsed), float(len(covered))


def first_from_outside(history: History) -> Ratio:
    """First escalations within a truce that come from levers that it does not cover."""
    inside = history.of(Move.ESCALATE, further=True)
    inside = inside[inside["in_truce"] == 1]
    agreed = history.moves[np.isin(history.moves["event"], (Event.BEGUN, Event.REPAIRED))]["turn"]
    hits = total = 0
    for begun, until in pairwise([*agreed, np.inf]):
        own = inside[(inside["turn"] >= begun) & (inside["turn"] < until)]
        if len(own):
            hits += int(own["covered"][0] == 0)
            total += 1
    return float(hits), float(total)


def before_dates(history: History) -> Ratio:
    """Rate of escalation in the weeks before an expiry or a summit, over that in other weeks."""
    weeks = history.weeks
    left = np.where(weeks["in_truce"] == 1, weeks["weeks_left"], -1)
    ahead = weeks["weeks_to_summit"]
    near = ((left >= 1) & (left <= BEFORE_DATE_WEEKS)) | (
        (ahead >= 1) & (ahead <= BEFORE_DATE_WEEKS)
    )
    if near.all() or not near.any():
        return 0.0, 0.0
    counts = np.bincount(history.of(Move.ESCALATE)["turn"], minlength=len(weeks))[: len(weeks)]
    return float(counts[near].mean()), float(counts[~near].mean())


def deals_at_summits(history: History) -> Ratio:
    """Summits of leaders with an agreement in their week or the week after."""
    summits = history.weeks["turn"][history.weeks["forum"] == Forum.SUMMIT]
    made = (Event.BEGUN, Event.REPAIRED, Event.RENEWED)
    agreed = set(history.moves["turn"][np.isin(history.moves["event"], made)].tolist())
    return float(sum(bool({s, s + 1} & agreed) for s in summits.tolist())), float(len(summits))


def threats_carried_out(history: History) -> Ratio:
    """Threats that are carried out."""
    done = history.of(Move.ESCALATE, further=True)["carried_out"].sum()
    return float(done), float(len(history.of(Move.THREATEN, further=True)))


def long_threats(history: History) -> Ratio:
    """Threats with a lead of a month or more that are carried out."""
    threats = history.of(Move.THREATEN, further=True)
    done = history.of(Move.ESCALATE, further=True)
    done = done[done["carried_out"] == 1]
    long = (threats["lead"] >= LONG_LEAD_WEEKS).sum()
    return float((done["lead"] >= LONG_LEAD_WEEKS).sum()), float(long)


def short_threats(history: History) -> Ratio:
    """The same of threats with shorter leads."""
    done, all_ = threats_carried_out(history)
    long_done, long_all = long_threats(history)
    return done - long_done, all_ - long_all


def concessions_a_meeting(history: History) -> Ratio:
    """Concessions of a side for one meeting."""
    meetings = (history.weeks["forum"] != Forum.NONE).sum()
    return 0.5 * len(history.of(Move.CONCEDE)), float(meetings)


def second_share(history: History) -> Ratio:
    """Share of all concessions that the second player makes."""
    return float(len(history.of(Move.CONCEDE, 1))), float(len(history.of(Move.CONCEDE)))


def ends_in_truce(history: History) -> Ratio:
    """Is a truce in force at the end?"""
    return float(history.weeks["in_truce"][-1]), 1.0


def highest_tariff(history: History) -> Ratio:
    """The highest tariff of the first player, as a share of its cap."""
    if 0 not in history.game.tariff_levers():
        return 0.0, 0.0
    lever = history.game.tariff_levers()[0][0]
    cap = float(history.game.params["cap"][0, 0, lever])
    return float(history.weeks["in_force"][:, 0, lever].max()) / cap, 1.0


def young_ends(history: History) -> Ratio:
    """Ends of truces in their first quarter-year, for a week that they stand in it."""
    return _ends(history, 0, YOUNG_WEEKS)


def later_ends(history: History) -> Ratio:
    """The same after their first quarter-year."""
    return _ends(history, YOUNG_WEEKS, max(YOUNG_WEEKS, len(history.weeks)))


def _ends(history: History, since: int, until: int) -> Ratio:
    """Ends of covered truces at ages from `since` to `until`, and weeks that they stood there."""
    covered = [s for s in history.spells if s.measure == COVERED]
    weeks = sum(min(max(s.duration_weeks - since, 0), until - since) for s in covered)
    ends = [s for s in covered if s.cause != TruceEnd.CENSORED and s.duration_weeks >= since]
    if weeks == 0:
        return 0.0, 0.0
    return float(sum(s.duration_weeks < until for s in ends)), float(weeks)


IN_KIND = "tariff raises of {first} answered in kind within 2 weeks"
SPIRAL = "longest tariff spiral, weeks"
PEAK = "highest tariff of {first}, share of its cap"
SIDEWAYS = "escalations of {second} on other levers once its tariff is capped"
BOTH_LOWER = "agreements that lower levers: both sides do"
EARLY = "weeks before the date at which truces are renewed"
LAPSED = "truces that lapse on their date"
OUTSIDE = "first escalation in a truce from outside its text"
RUN_UP = "escalation before dates over that in other weeks"
AT_SUMMITS = "summits with an agreement"
CARRIED_OUT = "threats carried out"
BY_LEAD = "the same, leads under a month less longer ones"
RARE = "concessions of a side for one meeting"
SECONDS = "share of {second} in the concessions"
TRUCE_AT_END = "in truce at the end"
YOUNG = "ends of truces a week, their first quarter-year less later"

STATISTICS: tuple[Statistic, ...] = (
    Statistic("P1", IN_KIND, answered_raises, 0.5, below=False, without="answers"),
    Statistic("P1", SPIRAL, longest_spiral, 7.0, below=True, without="answers"),
    Statistic("P1", PEAK, highest_tariff, 0.9, below=False, without="answers"),
    Statistic("P2", SIDEWAYS, sideways, 0.5, below=False, without="effects of levers"),
    Statistic("P3", BOTH_LOWER, mirrored, 0.5, below=False, without="packages of both sides"),
    Statistic("P4", EARLY, renewal_lead, 4.0, below=True, without="dates that pull"),
    Statistic("P4", LAPSED, lapses, 0.15, below=True, without="dates that pull"),
    Statistic("P5", OUTSIDE, first_from_outside, 0.5, below=False, without="a price of breach"),
    Statistic("P6", RUN_UP, before_dates, 1.0, below=False, without="an edge before dates"),
    Statistic("P6", AT_SUMMITS, deals_at_summits, 0.5, below=False, without="meetings that pull"),
    Statistic("P7", CARRIED_OUT, threats_carried_out, 0.5, below=True, without="threats that bind"),
    Statistic(
        "P7", BY_LEAD, short_threats, 0.0, False, without="leads that matter", less=long_threats
    ),
    Statistic("P8", RARE, concessions_a_meeting, 1.0, below=True, without="a price at home"),
    Statistic("P8", SECONDS, second_share, 0.5, below=True, without="sides that differ"),
    Statistic("P9", TRUCE_AT_END, ends_in_truce, 0.5, below=False, without="pain that tires"),
    Statistic("P10", YOUNG, young_ends, 0.0, False, without="truces that differ", less=later_ends),
)
