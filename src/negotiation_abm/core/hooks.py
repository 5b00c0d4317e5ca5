"""Where the rules of modules come in: one function for each place, over all modules.

Each function runs the rules of the modules that are on, the shipped ones in alphabetical
order and then those from outside. With none on it
returns after one comparison.
"""

# mypy: disable-error-code="no-untyped-def"

from collections.abc import Callable
from typing import Any

from negotiation_abm.core._rule import rule
from negotiation_abm.core.modules import MODULES


def _rules(name: str) -> list[tuple[int, Callable[..., Any]]]:
    """Number and rule of each module that has a rule called `name`."""
    return [(k, getattr(m, name)) for k, m in enumerate(MODULES) if hasattr(m, name)]


def _turn_chain(parts: list[tuple[int, Callable[..., Any]]]) -> Callable[..., Any]:
    if not parts:

        @rule
        def nothing(state, params, week, seed, replicate, live):
            return None

        return nothing
    (number, last), before = parts[-1], _turn_chain(parts[:-1])

    @rule
    def chain(state, params, week, seed, replicate, live):
        before(state, params, week, seed, replicate, live)
        if params.modules[number] == 1:
            last(state, params, week, seed, replicate, live)

    return chain


def _shift_chain(parts: list[tuple[int, Callable[..., Any]]]) -> Callable[..., Any]:
    if not parts:

        @rule
        def nothing(state, params, week, player):
            return 0.0

        return nothing
    (number, last), before = parts[-1], _shift_chain(parts[:-1])

    @rule
    def chain(state, params, week, player):
        value = before(state, params, week, player)
        if params.modules[number] == 1:
            value += last(state, params, week, player)
        return value

    return chain


def _lever_chain(parts: list[tuple[int, Callable[..., Any]]]) -> Callable[..., Any]:
    if not parts:

        @rule
        def nothing(state, params, week, player, lever):
            return 0.0

        return nothing
    (number, last), before = parts[-1], _lever_chain(parts[:-1])

    @rule
    def chain(state, params, week, player, lever):
        value = before(state, params, week, player, lever)
        if params.modules[number] == 1:
            value += last(state, params, week, player, lever)
        return value

    return chain


start_modules = _turn_chain(_rules("start_turn"))
end_modules = _turn_chain(_rules("end_turn"))
pressure_shift = _shift_chain(_rules("pressure_shift"))
settlement_shift = _shift_chain(_rules("settlement_shift"))
concede_shift = _shift_chain(_rules("concede_shift"))
suspend_shift = _shift_chain(_rules("suspend_shift"))
escalate_lever_shift = _lever_chain(_rules("escalate_lever_shift"))
concede_lever_shift = _lever_chain(_rules("concede_lever_shift"))
