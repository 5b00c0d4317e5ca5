"""What the tests share: neutral rules with numbers for hand arithmetic, small games, comparison."""

import math
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import yaml

from negotiation_abm import build_game, load_scenario
from negotiation_abm.core.params import PARAMS, derive
from negotiation_abm.core.state import (
    INFO,
    STATE,
    WEEK,
    as_object,
    blank,
)
from negotiation_abm.core.terms import LONG_AGO, Phase
from negotiation_abm.core.transitions import apply_move, scheduled_step
from negotiation_abm.core.week import end_turn
from negotiation_abm.run.strategy_check import MEMORY, changed_fields, legal_options, situations
from negotiation_abm.scenario.game import Game

__all__ = ["MEMORY", "changed_fields", "legal_options"]

# Options by number, as the docstring of `option_of` gives them.
HOLD, SUSPEND = 0, 1
ESCALATE_0, THREATEN_0, CONCEDE_0 = 2, 3, 4
ESCALATE_1, THREATEN_1, CONCEDE_1 = 5, 6, 7
ESCALATE_2 = 8

SHIPPED = ("baseline_2025", "busan_2025")

# How a truce is made, kept and broken: as first specified, and as coded episodes show it.
FIRST_RULES: dict[str, float] = {
    "revised_rules": 0,
    "restore_share": 0.0,
    "covered_strain": 0.0,
    "tacit": 0,
    "announced_pain": 0.0,
    "snap_back_share": 0.5,
}
REVISED: dict[str, float] = {
    "revised_rules": 1,
    "restore_share": 0.5,
    "covered_strain": 8.0,
    "tacit": 1,
    "announced_pain": 1.0,
    "snap_back_share": 0.0,
}
BOTH_RULES = pytest.mark.parametrize("rules", [FIRST_RULES, REVISED], ids=["first", "revised"])

# ---------------------------------------------------------------------------
# Rules by hand: two levers a side, every payoff term off.

LN16 = math.log(16.0)  # a saturation with h(1/4), h(1/2), h(3/4), h(1) = 8, 12, 14, 15 fifteenths

NEUTRAL: dict[str, Any] = {
    "precision": 1.0,
    "saturation": LN16,
    "convexity": 1.0,
    "num_levers": 2,
    "weight": 1.0,
    "irreplaceability": 1.0,
    "step": 0.25,
    "cap": 1.0,
    "domain": [[0, 1], [0, 1]],
    "coverage": [[[1, 0], [1, 0]], [[1, 1], [1, 1]]],  # a round: lever 0; a summit: all
    "term_weeks": [13, 52],
    "follow_decay_weeks": 1.0,
    "deadline_decay_weeks": 1.0,
    "brinkmanship_weeks": 1,
    "anger_memory": 1.0,
    "goodwill_memory": 1.0,
    "market_memory": 1.0,
    "strain_memory": 1.0,
    "felt_memory": 1.0,
    "threat_anger": 0.5,
    "agreement_anger": 1.0,
    "offer_weeks": 3,
    "tolerance": 100.0,
    "repair_strain": 0.05,
    "renewal_window_weeks": 8,
    "step_multiple": [0.5, 1.0, 2.0],
    "step_probability": [0.5, 0.35, 0.15],
    "lead_weeks": [1, 3, 13],
    "lead_probability": [0.4, 0.3, 0.3],
    "exchanges_per_turn": 3,
    "min_severity": 0.1,
    "foresight": 1.0,
    "markov_chain": 0.2,
}


def _put(record: np.void, name: str, value: Any) -> None:
    """Set a field; a shorter array fills the first entries."""
    if record.dtype[name].shape == () or np.ndim(value) == 0:
        record[name] = value
    else:
        filled = np.asarray(value)
        record[name][tuple(slice(size) for size in filled.shape)] = filled


def _object(dtype: np.dtype, values: dict[str, Any]) -> np.ndarray:
    record = blank(dtype)
    for name, value in values.items():
        _put(record[0], name, value)
    return record


def make_params(**changes: Any) -> SimpleNamespace:
    """Neutral parameters with some of them changed."""
    record = _object(PARAMS, NEUTRAL | {"grievance": 1.0} | changes)
    derive(record)
    return as_object(record[0])


def make_state(params: SimpleNamespace, **changes: Any) -> SimpleNamespace:
    """A dispute with all levers at 0, with some fields changed; bite and potency follow."""
    start = {
        "weeks_left": -1,
        "strain_player": -1,
        "strain_lever": -1,
        "last_escalation": LONG_AGO,
        "latest_escalation": LONG_AGO,
        "irreplaceability": params.irreplaceability,
        "odds": -1.0,
        "intensity": 1.0,
        "unmet_lever": -1,
        "unmet_pledge": -1,
        "strain_pledge": -1,
    }
    state = as_object(_object(STATE, start | changes)[0])
    state.bite = (1 - np.exp(-params.saturation * state.in_force)) / (
        1 - np.exp(-params.saturation)
    )
    state.num_pending = int((state.pending > 0).sum())
    state.potency = params.weight * state.irreplaceability**params.convexity
    return state


def make_truce(params: SimpleNamespace, **changes: Any) -> SimpleNamespace:
    """A truce that covers the first lever of both, with 20 weeks left."""
    truce = {"phase": Phase.TRUCE, "weeks_left": 20, "covered": [[1, 0], [1, 0]]}
    return make_state(params, **truce | changes)


def make_week(**changes: Any) -> SimpleNamespace:
    """A week without meetings and shocks, with some fields changed."""
    quiet = {"weeks_to_summit": -1, "salience": 1.0, "shock": np.nan, "script": -1}
    return as_object(_object(WEEK, quiet | changes)[0])


def make_info() -> SimpleNamespace:
    """Blank diagnostics, to be filled by a rule."""
    return as_object(blank(INFO)[0])


def move(
    state: SimpleNamespace,
    params: SimpleNamespace,
    player: int,
    option: int,
    step: float | None = None,
    lead: int = 0,
    frailty: float = 0.0,
) -> SimpleNamespace:
    """Carry out a move (by its usual step if none is given) and return what it did."""
    info = make_info()
    if step is None:
        step = scheduled_step(state, params, player, option, 1.0)
    apply_move(state, params, player, option, step, lead, frailty, info)
    return info


def finish_week(
    state: SimpleNamespace, params: SimpleNamespace, week: SimpleNamespace | None = None
) -> SimpleNamespace:
    """Close the turn and return what it did."""
    info = make_info()
    end_turn(state, params, week or make_week(), info)
    return info


# ---------------------------------------------------------------------------
# Games from files.


def foreign_scenario() -> dict[str, Any]:
    """A scenario as data, with labels, levers and years of its own and all features in use."""

    def lever(domain: str, **numbers: Any) -> dict[str, Any]:
        usual = {"weight": 0.8, "irreplaceability": 0.9, "blowback_share": 0.2, "step": 0.25}
        return usual | {"domain": domain} | numbers

    return {
        "name": "foreign",
        "start": "1995-03-06",
        "horizon_weeks": 60,
        "players": ["NORTH", "SOUTH"],
        "plays_as": {"NORTH": "US"},
        "parameters": "start_2025",
        "strategies": {"NORTH": "logit", "SOUTH": "logit"},
        "set": {"agency_rate": 0.1, "tolerance": 0.4, "min_severity": 0.05},
        "levers": {
            "NORTH": {
                "ore": lever("mining", agency=True, start=0.3, floor=0.1, cap=0.8),
                "wheat": lever("farm", start=0.2, loaded=0.3),
            },
            "SOUTH": {
                "gas": lever("energy", weight=1.0, agency=True),
                "fish": lever("farm", step=0.1, pp_at_full=40),
                "visas": lever("travel", weight=0.2, agency=True, start=0.1),
            },
        },
        "terms": {
            "round": {"weeks": None, "covers": {"NORTH": ["wheat"], "SOUTH": ["fish"]}},
            "summit": {"weeks": 10, "covers": {"NORTH": ["ore"], "SOUTH": ["gas", "fish"]}},
        },
        "calendar": {
            "rounds": [{"date": "1995-04-05"}],
            "summits": [
                {"date": "1995-07-10", "announced": "1995-05-01"},
                {"date": "1996-01-15"},
            ],
            "seasons": [{"lever": "NORTH.wheat", "months": [6, 7, 8], "factor": 1.5}],
            "approaches": [
                {"lever": "SOUTH.fish", "date": "1995-11-06", "ramp_weeks": 20, "factor": 2.0}
            ],
        },
        "truce": {"began": "1995-02-06", "expires": "1995-05-08", "terms": "summit"},
        "shocks": [
            {"date": "1995-08-07", "lever": "NORTH.ore", "level": 0.7},
            {"date": "1995-09-04", "lever": "SOUTH.visas", "level": 0.0},
        ],
        "script": [
            {"date": "1995-03-13", "player": "NORTH", "move": "THREATEN", "lever": "wheat"},
            {"date": "1995-03-13", "player": "SOUTH", "move": "ESCALATE", "lever": "visas"},
            {"date": "1995-04-05", "player": "NORTH", "move": "SUSPEND", "exchange": 2},
            {"date": "1995-04-05", "player": "SOUTH", "move": "SUSPEND", "exchange": 2},
            {"date": "1995-05-29", "player": "NORTH", "move": "ESCALATE", "lever": "ore"},
            {"date": "1995-07-10", "player": "NORTH", "move": "SUSPEND"},
            {"date": "1995-07-10", "player": "SOUTH", "move": "SUSPEND"},
            {"date": "1995-07-17", "player": "NORTH", "move": "CONCEDE", "lever": "wheat"},
        ],
    }


def write_yaml(path: Path, data: Any) -> Path:
    """Write data as YAML; returns the path."""
    path.write_text(yaml.safe_dump(data, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path


def make_game(folder: Path, data: dict[str, Any], **changes: Any) -> Game:
    """The game of a scenario given as data; `changes` replace or add top-level entries."""
    return build_game(load_scenario(write_yaml(folder / "scenario.yaml", data | changes)))


def random_states(
    game: Game, seed: int, weeks: int
) -> Iterator[tuple[SimpleNamespace, SimpleNamespace]]:
    """States (and their weeks) met before each decision of random legal play."""
    for situation in situations(game, seed, weeks):
        yield situation.state, situation.week


def assert_same_record(ours: SimpleNamespace, theirs: np.void) -> None:
    """Every field equal: integers exactly, floats within 1e-12."""
    for name in theirs.dtype.names:
        a, b = np.asarray(getattr(ours, name)), np.asarray(theirs[name])
        if b.dtype.kind == "f":
            np.testing.assert_allclose(a, b, rtol=0, atol=1e-12, err_msg=name)
        else:
            np.testing.assert_array_equal(a, b, err_msg=name)


def trials(few: int, many: int) -> pytest.MarkDecorator:
    """Trials of a simulation, as the argument `trials`: few by default, many with ``-m verify``."""
    values = [few, pytest.param(many, marks=pytest.mark.verify)]
    return pytest.mark.parametrize("trials", values)


def assert_near(observed: float, expected: float, standard_error: float) -> None:
    """Within four standard errors (a true value fails once in 16,000 such checks)."""
    distance = abs(observed - expected) / standard_error
    assert distance < 4, f"{observed} is {distance:.1f} standard errors from {expected}"
