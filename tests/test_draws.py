import math

import numpy as np
import pytest
from scipy import stats

from helpers import assert_near
from negotiation_abm.core.draws import (
    AGENCY_BLOCK,
    SOUNDNESS_BLOCK,
    TURN_BLOCK,
    decision_block,
    normal,
    philox,
    pick,
    uniforms,
)
from negotiation_abm.core.modules import delivery, mediation, shocks
from negotiation_abm.core.modules._outside import FIRST_BLOCK
from negotiation_abm.core.terms import MAX_EXCHANGES
from negotiation_abm.run.compiler import compiler

# Random123 1.14, tests/kat_vectors, philox4x32 10: counter, key, result.
KNOWN_ANSWERS = [
    (
        (0x00000000, 0x00000000, 0x00000000, 0x00000000),
        (0x00000000, 0x00000000),
        (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8),
    ),
    (
        (0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF),
        (0xFFFFFFFF, 0xFFFFFFFF),
        (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
    ),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.fixture(scope="module")
def sample():
    """Uniforms of 12,000 counters, one column a word."""
    return np.array([uniforms(1, r, t, b) for r in range(400) for t in range(10) for b in range(3)])


@pytest.fixture(scope="module")
def compiled():
    @compiler().njit
    def draw(seed, replicate, turn, block):
        return uniforms(seed, replicate, turn, block)

    return draw


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN_ANSWERS)
def test_philox_known_answer(counter, key, expected):
    words = philox(*(np.uint64(word) for word in (*counter, *key)))
    assert [int(word) for word in words] == list(expected)


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN_ANSWERS)
def test_counter_is_replicate_turn_block_and_key_is_seed(counter, key, expected):
    replicate = counter[1] << 32 | counter[0]
    seed = key[1] << 32 | key[0]
    drawn = uniforms(seed, replicate, counter[2], counter[3])
    assert drawn == tuple((word + 0.5) / 2**32 for word in expected)


@pytest.mark.parametrize(
    ("seed", "replicate", "turn", "block"),
    [(0, 0, 0, 0), (1, 2, 3, 4), (2**64 - 1, 2**63 - 1, 2599, 17), (2**33 + 5, 2**40, 103, 1)],
)
def test_compiled_draws_are_the_same(compiled, seed, replicate, turn, block):
    there = compiled(np.uint64(seed), np.int64(replicate), turn, block)
    assert there == uniforms(seed, replicate, turn, block)


def test_extreme_words_give_neither_zero_nor_one(monkeypatch):
    words = (np.uint64(0), np.uint64(2**32 - 1), np.uint64(0), np.uint64(2**32 - 1))
    monkeypatch.setattr("negotiation_abm.core.draws.philox", lambda *counter_and_key: words)
    low, high, *_ = uniforms(0, 0, 0, 0)
    assert 0.0 < low < 1e-9
    assert 1.0 - 1e-9 < high < 1.0


@pytest.mark.parametrize("word", range(4))
def test_each_word_is_uniform(sample, word):
    assert stats.kstest(sample[:, word], "uniform").pvalue > 1e-3


def test_words_of_one_call_are_not_correlated(sample):
    correlation = np.corrcoef(sample, rowvar=False)[np.triu_indices(4, 1)]
    assert np.all(np.abs(correlation) < 4 / math.sqrt(len(sample)))


@pytest.mark.parametrize("axis", ["seed", "replicate", "turn", "block"])
def test_neighbours_are_not_correlated(axis):
    first, count = {"seed": 5, "replicate": 6, "turn": 7, "block": 2}, 3000
    series = [uniforms(**(first | {axis: first[axis] + n}))[0] for n in range(count + 1)]
    correlation = np.corrcoef(series[1:], series[:-1])[0, 1]
    assert abs(correlation) < 4 / math.sqrt(count)


def test_no_two_decisions_share_a_block():
    blocks = [decision_block(exchange, place) for exchange in range(8) for place in range(2)]
    assert len(set(blocks)) == 16
    assert min(blocks) == 2  # 0 and 1 belong to the turn and to agencies


def test_every_draw_has_a_block_of_its_own_and_keeps_it():
    """One that moves to another block changes every run that was ever made with its numbers."""
    starts = {
        TURN_BLOCK: (0, 1),
        AGENCY_BLOCK: (1, 1),
        decision_block(0, 0): (2, 2 * MAX_EXCHANGES),
        SOUNDNESS_BLOCK: (19, 1),
        mediation.BLOCK: (64, 1),
        delivery.BLOCK: (72, delivery.MAX_PLEDGES),
        shocks.BLOCK: (80, shocks.MAX_SHOCKS),
        FIRST_BLOCK: (96, 1),  # modules of users
    }
    assert all(start == kept for start, (kept, _) in starts.items())
    ends = [start + count for start, (_, count) in starts.items()]
    assert all(end <= start for end, start in zip(ends, list(starts)[1:], strict=False))


def test_normal_has_the_moments_of_a_standard_normal(sample):
    values = np.array([normal(u1, u2) for u1, u2 in sample[:, :2]])
    n = len(values)
    assert_near(values.mean(), 0.0, 1 / math.sqrt(n))
    assert_near((values**2).mean(), 1.0, math.sqrt(2 / n))
    assert_near((values**3).mean(), 0.0, math.sqrt(15 / n))
    assert_near((values**4).mean(), 3.0, math.sqrt(96 / n))
    assert stats.kstest(values, "norm").pvalue > 1e-3


def test_normal_by_hand():
    assert normal(math.exp(-2.0), 0.5) == pytest.approx(-2.0, abs=1e-15)  # sqrt(4) cos(pi)
    assert normal(math.exp(-0.5), 0.125) == pytest.approx(math.sqrt(0.5), abs=1e-15)


@pytest.mark.parametrize(
    ("u", "expected"),
    [(1e-12, 1), (0.3999, 1), (0.4, 3), (0.6999, 3), (0.7001, 13), (1 - 1e-12, 13)],
)
def test_pick_inverts_the_cumulative_probabilities(u, expected):
    assert pick([1, 3, 13], [0.4, 0.3, 0.3], u) == expected


def test_pick_draws_with_its_probabilities():
    grid = (np.arange(1000) + 0.5) / 1000
    picks = [pick("abc", [0.5, 0.35, 0.15], u) for u in grid]
    assert [picks.count(letter) for letter in "abc"] == [500, 350, 150]


def test_pick_skips_what_has_no_probability():
    assert {pick("abc", [0.0, 1.0, 0.0], u) for u in (0.001, 0.5, 0.999)} == {"b"}
