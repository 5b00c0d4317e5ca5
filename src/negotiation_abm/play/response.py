"""The quantal response of a side to a state, without touching it."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from negotiation_abm.core.terms import NUM_OPTIONS
from negotiation_abm.run.model import NegotiationModel
from negotiation_abm.strategies.logit import option_weights


def response(model: NegotiationModel, player: int, state: SimpleNamespace) -> np.ndarray:
    """Probability of each option of a player in a state of this week, shape (options,)."""
    weights = np.zeros(NUM_OPTIONS)
    count, total = option_weights(twin(state), model.params, model.week, player, weights)
    return np.asarray(weights[:count] / total)


def twin(state: SimpleNamespace) -> SimpleNamespace:
    """A copy of a state that can be played with."""
    fields: dict[str, Any] = vars(state)
    return SimpleNamespace(
        **{k: v.copy() if isinstance(v, np.ndarray) else v for k, v in fields.items()}
    )
