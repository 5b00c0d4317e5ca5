"""How far the emulator of a joint fit can be trusted: held to simulation on draws new to it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from negotiation_abm.calibration.joint import JointFit, MomentTerm, simulate_at
from negotiation_abm.calibration.moments import Moments
from negotiation_abm.run.batch import available_threads


@dataclass(frozen=True)
class EmulatorCheck:
    """The emulator on posterior draws that it was not fitted to.

    Attributes
    ----------
    error : float
        Standard deviation of (simulated - emulated) log density, in nats.
    effective_share : float
        Effective sample size of importance weights from emulated to simulated, as a share.
    correlation : dict
        Of simulated with emulated values, by outcome.
    """

    error: float
    effective_share: float
    correlation: dict[str, float]


def check_emulator(
    result: JointFit, moments: Moments, draws: np.ndarray, replicates: int, seed: int
) -> EmulatorCheck:
    """Simulate at `draws`, shape (N, K), and hold the emulator to it.

    The simulation has noise of its own, so the error is an upper bound.
    """
    data, term = result.fit.data, result.fit.term
    assert isinstance(term, MomentTerm)
    with ThreadPoolExecutor(available_threads()) as pool:
        true = list(
            pool.map(lambda theta: simulate_at(data, moments, theta, replicates, seed), draws)
        )
    guessed = [term.outcomes(theta) for theta in draws]
    gaps = np.array(
        [term.log_density(t) - term.log_density(g) for t, g in zip(true, guessed, strict=True)]
    )
    weights = np.exp(gaps - gaps.max())
    share = weights.sum() ** 2 / (weights**2).sum() / len(weights)
    correlation = {
        name: float(np.corrcoef([t[name] for t in true], [g[name] for g in guessed])[0, 1])
        for name in term.names
    }
    return EmulatorCheck(float(gaps.std()), float(share), correlation)
