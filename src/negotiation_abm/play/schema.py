"""The format of a saved game: what it starts from, the moves of the person, a check of the end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.files.resources import read_text, shipped
from negotiation_abm.files.validation import checked
from negotiation_abm.scenario.load import FOLDER as SCENARIOS
from negotiation_abm.scenario.load import changes_beside, reference_beside
from negotiation_abm.scenario.parameters import FOLDER as PARAMETER_SETS
from negotiation_abm.scenario.schema import Day
from negotiation_abm.strategies import strategies
from negotiation_abm.studies.whatif.schema import check_changes

FORMAT = "negotiation-abm game 1"
LARGEST = 2_000_000  # bytes of a file that is looked at

Move = Annotated[str, Field(max_length=80)]


class Start(BaseModel):
    """What a game starts from: with the moves of the person it says everything that happens."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False
    )

    scenario: str = Field(description="path or name of a scenario")
    set: dict[str, Any] = Field(default={}, description="changes of it, by dotted name")
    date: Day | None = Field(
        default=None, alias="from", description="leave the record in this week; null: the start"
    )
    weeks: int | None = Field(
        default=None, ge=1, le=2600, strict=True, description="to be played; null: to the horizon"
    )
    side: str = Field(description="the player that the person takes")
    opponent: str = Field(default="logit", description="strategy of the other player")
    seed: int = Field(default=1, ge=0, le=2**64 - 1, strict=True)
    replicate: int = Field(default=0, ge=0, le=10**12, strict=True)


class MadeBy(BaseModel):
    """What a game was played under: where one of these differs now, it may go another way."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    rules: str = Field(description="hash of the rules")
    scenario: str = Field(description="hash of the scenario")
    parameters: str = Field(description="hash of the parameter values")


class SavedGame(Start):
    """A game in a file."""

    format: str = FORMAT
    parameter_set: str = ""
    moves: list[Move] = Field(default=[], max_length=100_000, description="of the person, in order")
    made_by: MadeBy | None = None
    state: str | None = Field(default=None, description="hash of the state after the last move")


def parse_game(text: str, source: str | Path, only_shipped: bool = False) -> SavedGame:
    """A saved game from its text.

    Parameters
    ----------
    source : str or Path
        What to call the file in an error.
    only_shipped : bool
        Refuse paths: for a file that comes from elsewhere.

    Raises
    ------
    InputError
        If it is no saved game.
    """
    path = Path(source)
    if len(text) > LARGEST:
        raise InputError(path, "", f"{len(text):,} characters; allowed: up to {LARGEST:,}")
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(path, f"line {error.lineno}", f"not valid JSON: {error.msg}") from None
    except (ValueError, RecursionError):  # a number of too many digits, endless nesting
        raise InputError(
            path, "", "not valid JSON: nested too deeply, or a number too long"
        ) from None
    if not isinstance(data, dict):
        raise InputError(path, "top level", "expected a mapping of names to values")
    if data.get("format") != FORMAT:
        problem = f"{str(data.get('format'))[:60]!r}; expected '{FORMAT}': no saved game"
        raise InputError(path, "format", problem)
    saved = checked(SavedGame, path, data)
    check_start(saved, path, only_shipped)
    return saved


def load_game(path: str | Path) -> SavedGame:
    """Read and check a saved game.

    Raises
    ------
    InputError
        With file, place, value and what is allowed.
    """
    saved, base = parse_game(read_text(Path(path)), path), Path(path).parent
    files = {
        "scenario": reference_beside(saved.scenario, base),
        "set": changes_beside(saved.set, base),
    }
    return saved.model_copy(update=files)


def check_start(start: Start, source: str | Path, only_shipped: bool = False) -> None:
    """Check what the loading of the scenario does not.

    Raises
    ------
    InputError
        If the opponent is no strategy, or a change is of something that a game cannot change;
        with `only_shipped` also if a scenario or parameter set is not a shipped one.
    """
    if start.opponent not in strategies():
        raise InputError(source, "opponent", _unknown(start.opponent, strategies()))
    if start.date is not None:
        check_changes(dict.fromkeys(start.set))
    if not only_shipped:
        return
    for place, value, folder in (
        ("scenario", start.scenario, SCENARIOS),
        ("set.parameters", start.set.get("parameters"), PARAMETER_SETS),
    ):
        known = shipped(folder, ".yaml")
        if value is not None and str(value) not in known:
            raise InputError(source, place, _unknown(value, known))
    if "record" in {name.split(".")[0] for name in start.set}:
        raise InputError(source, "set.record", "cannot be changed here")


def _unknown(name: Any, known: Any) -> str:
    return f"unknown '{str(name)[:60]}'; {suggest(str(name)[:60], known)}"


def as_text(saved: SavedGame) -> str:
    """A saved game as the text of its file."""
    data = saved.model_dump(mode="json", by_alias=True)
    ordered = {"format": data.pop("format")} | data
    return json.dumps(ordered, indent=1) + "\n"
