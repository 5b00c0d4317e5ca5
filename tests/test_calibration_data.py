"""What the tests of calibration share: the shipped record, a small episode, data made by hand."""

import datetime as dt
from functools import cache
from types import SimpleNamespace

import numpy as np

from cli_helpers import ROOT, shipped_game
from negotiation_abm import build_game, load_record, load_scenario
from negotiation_abm.calibration.features import Coefficient, Data, collect
from negotiation_abm.calibration.priors import Prior, load_prior
from negotiation_abm.core.terms import NUM_OPTIONS

START = dt.date(2025, 1, 6)


@cache
def _shipped(name, with_hidden):
    data = collect(shipped_game(name), load_record("record_2025"), with_hidden=with_hidden)
    return data, load_prior(data)


def shipped(name="baseline_2025"):
    """Data and prior of the record of 2025, HOLDs as the replay reads them."""
    return _shipped(name, False)


def shipped_hidden(name="baseline_2025"):
    """The same with what the record does not say, for the marginal likelihood."""
    return _shipped(name, True)


@cache
def _episode(with_hidden):
    folder = ROOT / "docs" / "examples"
    game = build_game(load_scenario(folder / "other_episode.yaml"))
    data = collect(game, load_record(folder / "other_episode.csv"), with_hidden=with_hidden)
    return data, load_prior(data)


def episode():
    """Data and prior of the small episode of docs/examples: 74 decisions."""
    return _episode(False)


def episode_hidden():
    """The same with what the record does not say."""
    return _episode(True)


def by_hand(features, chosen, legal=None, player=None, dates=None, rounds=None, held=()):
    """Data made by hand; `features` has shape (decisions, options, coefficients)."""
    features = np.asarray(features, float)
    decisions, options, size = features.shape
    padded = np.zeros((decisions, NUM_OPTIONS, size))
    padded[:, :options] = features
    allowed = np.zeros((decisions, NUM_OPTIONS), bool)
    allowed[:, :options] = True if legal is None else legal
    scenario = SimpleNamespace(date_of=lambda turn: START + dt.timedelta(weeks=turn))
    return Data(
        game=SimpleNamespace(scenario=scenario),
        coefficients=tuple(Coefficient(f"c{k}", (), f"c{k}") for k in range(size)),
        features=padded,
        offset=np.zeros((decisions, NUM_OPTIONS)),
        legal=allowed,
        chosen=np.asarray(chosen),
        player=np.zeros(decisions, int) if player is None else np.asarray(player),
        turn=np.arange(decisions),
        dates=tuple(dates or [START] * decisions),
        certainty=("seed",) * decisions,
        row_ids=tuple((f"R{d}",) for d in range(decisions)),
        agency=np.zeros(decisions, bool),
        offered=np.zeros(decisions, bool),
        round_features=np.zeros((len(held), size)) if rounds is None else np.asarray(rounds, float),
        round_held=np.asarray(held, float),
        round_turn=np.arange(len(held)),
    )


def normal(sds, mean=0.0):
    """A prior of independent normals."""
    sds = np.asarray(sds, float)
    return Prior(np.full(len(sds), float(mean)), np.diag(sds**2))


# ---------------------------------------------------------------------------
# Months, on such data


def test_months_are_those_of_the_moves():
    dates = [dt.date(2025, 1, 31), dt.date(2026, 2, 1)]
    data = by_hand(np.zeros((2, 2, 1)), [0, 1], dates=dates)
    assert data.months().tolist() == [202501, 202602]


def test_months_of_rounds_are_those_of_the_first_day_of_the_week():
    data = by_hand(np.zeros((1, 2, 1)), [0], rounds=np.zeros((5, 1)), held=[0] * 5)
    assert data.round_months().tolist() == [202501] * 4 + [202502]  # 6 January to 3 February
