"""The only randomness: uniforms as a function of (seed, replicate, turn, block).

Philox4x32-10 (Salmon et al. 2011), a counter-based generator: no state, so a run draws the same
numbers alone, in any batch, in any chunking, on any number of threads, and under Mesa. The key is
the seed, the counter is (replicate, turn, block); each call gives four uniforms in (0, 1).

Blocks of a turn: 0 order of play, coming of a round, agency shocks of both players; 1 lever and
size of those shocks; then one block for each decision: choice, size, lead time, slip (an
agreement's frailty is made from the second and third); 19 frailty of a truce older than the run.
"""

# mypy: disable-error-code="no-untyped-def"

import math

import numpy as np

from negotiation_abm.core._rule import rule

TURN_BLOCK = 0
AGENCY_BLOCK = 1
SOUNDNESS_BLOCK = 19  # after those of eight exchanges
FIRST_DECISION_BLOCK = 2

_MASK = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
_MULTIPLIER_0 = np.uint64(0xD2511F53)
_MULTIPLIER_1 = np.uint64(0xCD9E8D57)
_KEY_STEP_0 = np.uint64(0x9E3779B9)
_KEY_STEP_1 = np.uint64(0xBB67AE85)
_UNIT = 1.0 / 4294967296.0


@rule
def philox(c0, c1, c2, c3, k0, k1):
    """Ten rounds of Philox4x32 on ``uint64`` holders of 32-bit words; returns four words."""
    for _ in range(10):
        product_0 = _MULTIPLIER_0 * c0
        product_1 = _MULTIPLIER_1 * c2
        c0 = (product_1 >> _SHIFT) ^ c1 ^ k0
        c1 = product_1 & _MASK
        c2 = (product_0 >> _SHIFT) ^ c3 ^ k1
        c3 = product_0 & _MASK
        k0 = (k0 + _KEY_STEP_0) & _MASK
        k1 = (k1 + _KEY_STEP_1) & _MASK
    return c0, c1, c2, c3


@rule
def uniforms(seed, replicate, turn, block):
    """Four uniforms in (0, 1), never 0 or 1; all arguments non-negative integers.

    >>> [round(u, 6) for u in uniforms(7, 0, 3, 0)] == [round(u, 6) for u in uniforms(7, 0, 3, 0)]
    True
    """
    seed_word = np.uint64(seed)
    replicate_word = np.uint64(replicate)
    w0, w1, w2, w3 = philox(
        replicate_word & _MASK,
        replicate_word >> _SHIFT,
        np.uint64(turn),
        np.uint64(block),
        seed_word & _MASK,
        seed_word >> _SHIFT,
    )
    return (
        (float(w0) + 0.5) * _UNIT,
        (float(w1) + 0.5) * _UNIT,
        (float(w2) + 0.5) * _UNIT,
        (float(w3) + 0.5) * _UNIT,
    )


@rule
def decision_block(exchange, place):
    """Block of the decision of the first (place 0) or second mover of an exchange."""
    return FIRST_DECISION_BLOCK + 2 * exchange + place


@rule
def normal(u1, u2):
    """Standard normal from two uniforms (Box and Muller 1958)."""
    return math.sqrt(-2.0 * math.log(u1)) * math.cos(2.0 * math.pi * u2)


@rule
def pick(values, probabilities, u):
    """Entry of `values` (three of them) drawn with `probabilities` by the uniform `u`."""
    if u < probabilities[0]:
        return values[0]
    if u < probabilities[0] + probabilities[1]:
        return values[1]
    return values[2]
