"""The address of a game: its start, and every move as one letter."""

import datetime as dt
import json
from typing import Any

from negotiation_abm.core.terms import num_options
from negotiation_abm.dashboard import permalink
from negotiation_abm.dashboard.permalink import Field, choice, flag, whole
from negotiation_abm.files.errors import InputError
from negotiation_abm.files.resources import shipped
from negotiation_abm.play.schema import Start, check_start
from negotiation_abm.play.session import Session
from negotiation_abm.play.start import game_of
from negotiation_abm.scenario.load import FOLDER
from negotiation_abm.strategies import shipped_names

CODES = "0123456789abcdefghij"  # one letter an option
USUAL_WEEKS = 52
LENGTHS = (13, 26, 52, 104, 156)  # weeks that can be chosen


def opponents() -> list[str]:
    """Strategies that can be played against."""
    return [name for name in shipped_names() if name != "scripted"]


def _date() -> Field:
    inner = permalink.day(dt.date.min, dt.date(1000, 1, 1), dt.date(3000, 1, 1))
    return Field(None, inner.read, inner.write)


def _changes() -> Field:
    def read(text: str) -> dict[str, Any]:
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            raise ValueError("is not JSON") from None
        if not isinstance(found, dict):
            raise ValueError("is no mapping of names to values")
        return found

    return Field({}, read, lambda value: json.dumps(value, separators=(",", ":")))


def _codes() -> Field:
    def read(text: str) -> str:
        wrong = text.strip(CODES)
        if wrong:
            raise ValueError(f"'{wrong[0]}' is no move; allowed: {CODES[0]} to {CODES[-1]}")
        return text

    return Field("", read)


def fields() -> dict[str, Field]:
    """What the address of a game holds."""
    return {
        "scenario": choice("busan_2025", shipped(FOLDER, ".yaml")),
        "side": Field("US", str),
        "opponent": choice("logit", opponents()),
        "seed": whole(1, 0, 2**64 - 1),
        "run": whole(0, 0, 10**12),
        "weeks": whole(USUAL_WEEKS, 0, 2600),  # 0: to the horizon
        "from": _date(),
        "set": _changes(),
        "worth": flag(True),
        "moves": _codes(),
    }


def start_of(values: dict[str, Any]) -> Start:
    """The start that an address describes.

    Raises
    ------
    InputError
        If it may not be played from an address.
    """
    start = Start.model_validate(
        {name: values[name] for name in ("scenario", "set", "side", "opponent", "seed", "from")}
        | {"weeks": values["weeks"] or None, "replicate": values["run"]}
    )
    check_start(start, permalink.PLACE, only_shipped=True)
    return start


def values_of(session: Session, worth: bool) -> dict[str, Any]:
    """The address of a game: the way back."""
    start = session.start
    return {
        "scenario": start.scenario,
        "side": start.side,
        "opponent": start.opponent,
        "seed": start.seed,
        "run": start.replicate,
        "weeks": start.weeks or 0,
        "from": start.date,
        "set": start.set,
        "worth": worth,
        "moves": "".join(CODES[session.option(move)] for move in session.moves),
    }


def opened(values: dict[str, Any]) -> Session:
    """The game of an address, played up to its last move.

    Raises
    ------
    InputError
        If it cannot be.
    """
    session = Session(start_of(values), permalink.PLACE)
    for number, code in enumerate(values["moves"]):
        option = CODES.index(code)
        if option >= num_options(len(session.game.lever_names[session.side])):
            raise InputError(permalink.PLACE, f"moves, {number + 1}", f"'{code}' is no move")
        try:
            session.play(option)
        except InputError as error:
            raise InputError(permalink.PLACE, f"moves, {number + 1}", str(error)) from None
    return session


def undone(session: Session) -> Session:
    """The game before its last move: the same start and draws, all moves but one."""
    values = values_of(session, worth=False)
    return opened(values | {"moves": values["moves"][:-1]})


def weeks_to_choose(session: Session) -> list[int]:
    """Numbers of weeks that a game of this start can have; 0: to the horizon."""
    whole_game = game_of(session.start.model_copy(update={"weeks": None}))
    most = len(whole_game.weeks) - int(whole_game.initial["turn"][0])
    return [weeks for weeks in LENGTHS if weeks < most] + [0]
