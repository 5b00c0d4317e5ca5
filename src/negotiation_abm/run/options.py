"""What a player may choose now."""

from typing import Any

from negotiation_abm.core.terms import num_options
from negotiation_abm.core.transitions import is_legal


def legal_options(state: Any, params: Any, player: int) -> list[int]:
    """Numbers of the options that are legal for a player in this state, in order.

    Parameters
    ----------
    state, params : object
        With the fields of `negotiation_abm.core.state.STATE` and of the parameters.
    """
    count = num_options(int(params.num_levers[player]))
    return [option for option in range(count) if is_legal(state, params, player, option)]
