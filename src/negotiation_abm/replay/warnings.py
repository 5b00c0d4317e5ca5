"""What a coder may not have meant: rows that a replay takes, but not as they look.

A record that was valid stays valid, so these are warnings. What can be seen in the record and its
scenario alone is found here; what shows only as the record goes by is noted where it happens.
"""

from collections import deque
from collections.abc import Iterator

from negotiation_abm.record.load import FORUMS, LEVER_MOVES, Record, Row
from negotiation_abm.replay.result import Warned
from negotiation_abm.scenario.game import Game

NEAR = 0.005  # levels so near each other are the same, rounded


def warnings_of(game: Game, record: Record) -> list[Warned]:
    """Warnings that need no replay, in the order of the rows."""
    played = [
        row
        for row in record.rows
        if not row.not_represented and row.date >= game.scenario.start and row.move
    ]
    found = [
        *_before_start(game, record),
        *_agencies(game, played),
        *_usual_steps(game, played),
        *_rates_of_threats(played),
        *_packages(played),
        *_same_days(played),
        *_broken_off(game, played),
        *_end_of_observation(game, record, played),
        *_after_end(game, played),
    ]
    return [*_habits(game), *sorted(found, key=lambda one: one.line)]


def _habits(game: Game) -> Iterator[Warned]:
    """A player that plays as another takes the habits of levers that only share a name."""
    bias, scenario = game.parameter_set.values.get("lever_bias"), game.scenario
    for player in scenario.players:
        source = scenario.plays_as.get(player, player)
        if source == player or not isinstance(bias, dict):
            continue
        habits = bias.get(source, {})
        for lever in scenario.levers[player]:
            place = f"lever_bias.{player}.{lever}"
            if isinstance(habits, dict) and habits.get(lever) and place not in scenario.set:
                yield Warned(
                    0,
                    "",
                    None,
                    f"{player}.{lever} takes the habit of {source}.{lever} ({habits[lever]:+g}), "
                    f"as the names agree; if it is another lever, rename it or set {place} to 0",
                )


def _before_start(game: Game, record: Record) -> Iterator[Warned]:
    """Rows before the start set no level: the scenario says where its levers begin."""
    last: dict[tuple[str, str], Row] = {}
    for row in record.rows:
        is_history = row.date < game.scenario.start and not row.not_represented
        if is_history and row.level is not None and row.move not in ("THREATEN", "DELIVER"):
            last[row.player, row.lever] = row
    for (player, lever), row in last.items():
        start = game.scenario.levers[player][lever].start
        if row.level is not None and abs(row.level - start) > NEAR:
            yield warned(
                row,
                f"before the start, so not replayed; it leaves {lever} at {row.level:g}, and the "
                f"scenario starts it at {start:g}: write start: {row.level:g} there",
            )


def _usual_steps(game: Game, played: list[Row]) -> Iterator[Warned]:
    """A step without a level is taken to be of the usual size."""
    for row in played:
        if row.move in LEVER_MOVES and row.level is None and not row.quiet:
            step = game.scenario.levers[row.player][row.lever].step
            yield warned(
                row,
                f"no level is given, so the step is the usual one of {row.lever} ({step:g}); give "
                "the level if it was otherwise",
            )


def _broken_off(game: Game, played: list[Row]) -> Iterator[Warned]:
    """Talks that are broken off for longer than until the next recorded meeting."""
    turn_of = game.scenario.turn_of
    ahead = deque(row for row in played if row.move in FORUMS)  # of later days than the row's
    for row in played:
        while ahead and ahead[0].date <= row.date:
            ahead.popleft()
        met = ahead[0] if ahead else None
        if row.move != "BREAK_OFF" or met is None or row.lead_weeks is None:
            continue
        weeks = turn_of(met.date) - turn_of(row.date)
        if weeks < row.lead_weeks:
            yield warned(
                row,
                f"lead_weeks {row.lead_weeks}, but {met.id} is a meeting {weeks} weeks later, "
                "which ends the break",
            )


def _agencies(game: Game, played: list[Row]) -> Iterator[Warned]:
    for row in played:
        lever = game.scenario.levers.get(row.player, {}).get(row.lever)
        if row.agency and (lever is None or not lever.agency):
            yield warned(
                row,
                f"agency 1, but no agency can use {row.lever or 'it'} in the scenario; write "
                "agency: true there, or leave the mark out",
            )


def _rates_of_threats(played: list[Row]) -> Iterator[Warned]:
    for row in played:
        if row.rate_pp is not None and row.move == "THREATEN":
            yield warned(row, "rate_pp of a threat is not shown, as it is not in force")


def _packages(played: list[Row]) -> Iterator[Warned]:
    """Further rows of a package with something that only its main row can say."""
    main: dict[str, Row] = {}
    for row in played:
        first = main.setdefault(row.decision, row) if row.decision else row
        if first is row or row.move != "SUSPEND":
            continue
        if first.move != "SUSPEND":
            yield warned(
                row,
                f"no offer, as the first row of its decision, {first.id}, is a {first.move}; put "
                "the SUSPEND first",
            )
        elif row.expires is not None and row.expires != first.expires:
            yield warned(
                row, f"expires is not used; that of the first row, {first.id}, sets the clock"
            )


def _same_days(played: list[Row]) -> Iterator[Warned]:
    """Two decisions of one side on a day, with nothing of the other side between them."""
    kinds = [row for row in played if row.move in (*LEVER_MOVES, "SUSPEND")]
    known: set[str] = set()
    for before, row in zip(kinds[:1] + kinds, kinds, strict=False):
        key = row.decision or row.id
        is_new = key not in known
        known.add(key)
        same = before.player == row.player and before.date == row.date
        one_mind = not (before.agency or row.agency or before.quiet or row.quiet)
        acts = before.move in LEVER_MOVES and row.move in LEVER_MOVES
        if before is not row and is_new and same and one_mind and acts:
            yield warned(
                row,
                f"a second decision of {row.player} on the day of {before.id}, between which the "
                "other side is taken to have held; if it was one decision, give both rows one "
                "label in the column decision",
            )


def _end_of_observation(game: Game, record: Record, played: list[Row]) -> Iterator[Warned]:
    """A row that is left out, and yet the last day observed is its own."""
    last, seen = record.rows[-1], game.scenario.record
    known = [row.date for row in played] + ([seen.until] if seen and seen.until else [])
    if last.not_represented and known and last.date > max(known):
        yield warned(
            last,
            f"this row is left out, but as the last one it lets the observation end on {last.date} "
            f"and not on {max(known)}; say in the scenario which is right (record.until)",
        )


def _after_end(game: Game, played: list[Row]) -> Iterator[Warned]:
    """A move after the last day that the scenario says was observed."""
    seen = game.scenario.record
    until = seen.until if seen else None
    late = next((row for row in played if until is not None and row.date > until), None)
    if late is not None:
        yield warned(
            late,
            f"after record.until ({until}), which is not used then: the observation ends with the "
            f"last row, {played[-1].date}; give a later date there, or leave the rows out",
        )


def warned(row: Row, text: str) -> Warned:
    """A warning about a row."""
    return Warned(row.line, row.id, row.date, text)
