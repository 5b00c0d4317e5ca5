"""What the record says about each coefficient, and what it does not."""

import numpy as np
import pandas as pd

from negotiation_abm.calibration.fit import Fit, interval, refit
from negotiation_abm.calibration.likelihood import Likelihood
from negotiation_abm.calibration.marginal import MarginalLikelihood
from negotiation_abm.calibration.posterior import Sample
from negotiation_abm.calibration.probability import chances
from negotiation_abm.calibration.profiles import likelihood_interval

PRIOR_ALONE = 0.9  # posterior over prior sd above which the record has said next to nothing
CLEAR = 0.5  # ratio below which it carries the coefficient
LEVEL = 0.9


def identification_table(result: Fit, chains: Sample | None = None) -> pd.DataFrame:
    """One row a coefficient.

    Parameters
    ----------
    result : Fit
    chains : Sample, optional
        Draws of the posterior, for errors and intervals in place of Laplace ones.

    Returns
    -------
    DataFrame
        coefficient, estimate, error, low, high (90 %), prior_mean, prior_sd, ratio (posterior over
        prior sd), likelihood_low, likelihood_high (90 %, profile likelihood without its own prior;
        infinite: not bounded on that side), zero_cost (nats of log-posterior that holding it at 0
        costs), rests_on (likelihood, both, prior, fixed),
        most_influential (rows of the record whose leaving out moves it most, in errors); with
        draws also r_hat and effective_size.
    """
    shifts = _influence(result)
    rows = []
    for k, coefficient in enumerate(result.data.coefficients):
        held = k in result.fixed
        error, low, high = _spread(result, k, chains)
        prior_mean, prior_sd = result.prior.moments(k)
        ratio = float(error / prior_sd) if prior_sd > 0 else float("nan")
        bare_low, bare_high = (
            (float("nan"), float("nan")) if held else likelihood_interval(result, k, LEVEL)
        )
        is_bounded = bool(np.isfinite([bare_low, bare_high]).all())
        row = {
            "coefficient": coefficient.label,
            "estimate": result.theta[k],
            "error": error,
            "low": low,
            "high": high,
            "prior_mean": prior_mean,
            "prior_sd": prior_sd,
            "ratio": ratio,
            "likelihood_low": bare_low,
            "likelihood_high": bare_high,
            "zero_cost": 0.0 if held else zero_cost(result, k),
            "rests_on": _rests_on(held, ratio, is_bounded),
            "most_influential": _named(result, shifts[:, k]),
        }
        if chains is not None:
            row |= {"r_hat": chains.r_hat[k], "effective_size": chains.effective_size[k]}
        rows.append(row)
    return pd.DataFrame(rows)


def _spread(result: Fit, k: int, chains: Sample | None) -> tuple[float, float, float]:
    """Error and 90 % interval of a coefficient: of the draws if there are any, else Laplace."""
    if chains is None or k in result.fixed:
        return float(result.errors[k]), *interval(result, k, LEVEL)
    draws = chains.draws[:, :, k].ravel()
    low, high = np.quantile(draws, [0.5 - LEVEL / 2.0, 0.5 + LEVEL / 2.0])
    return float(draws.std()), float(low), float(high)


def zero_cost(result: Fit, k: int) -> float:
    """Nats of log-posterior that holding a coefficient at 0 costs, all others refitted.

    NaN for a spread, which its prior keeps from 0.
    """
    if k in result.prior.spreads:
        return float("nan")
    return result.log_posterior - refit(result, {k: 0.0}).log_posterior


def _rests_on(held: bool, ratio: float, is_bounded: bool) -> str:
    """What carries a coefficient; a side that the record leaves open is the prior's."""
    if held:
        return "fixed"
    if ratio > PRIOR_ALONE:
        return "prior"
    return "likelihood" if ratio < CLEAR and is_bounded else "both"


def _influence(result: Fit) -> np.ndarray:
    """Shift of each coefficient when one decision is left out, in errors, shape (D, K).

    One Newton step from the optimum, which is exact to second order. Rows of decisions that do not
    count are 0. Of HOLDs that a record does not state only the plain likelihood has one each; else
    their rows are 0 too.
    """
    plain = isinstance(result.likelihood, Likelihood)
    pull = _plain_pull(result) if plain else _marginal_pull(result)
    with np.errstate(divide="ignore", invalid="ignore"):
        shifts: np.ndarray = np.nan_to_num(-(pull @ result.covariance) / result.errors)
    return shifts


def _plain_pull(result: Fit) -> np.ndarray:
    """Gradient of the log probability of each decision, shape (D, K)."""
    data = result.data
    expected = np.einsum("do,dok->dk", chances(data, result.theta), data.features)
    pull = data.features[np.arange(len(data.chosen)), data.chosen] - expected
    return np.asarray(pull * result.likelihood.counted[:, None])


def _marginal_pull(result: Fit) -> np.ndarray:
    """The same for moves, as the difference that counting them makes."""
    data, counted = result.data, result.likelihood.counted
    all_counted = MarginalLikelihood(data, counted).value_and_gradient(result.theta)[1]
    pull = np.zeros((len(data.chosen), len(result.theta)))
    for d in np.flatnonzero(counted & (data.chosen != 0)):
        use = counted.copy()
        use[d] = False
        pull[d] = all_counted - MarginalLikelihood(data, use).value_and_gradient(result.theta)[1]
    return pull


def _named(result: Fit, shifts: np.ndarray, count: int = 3) -> str:
    order = np.argsort(-np.abs(shifts))
    named = [k for k in order if result.data.row_ids[k] and abs(shifts[k]) > 0.05][:count]
    return "; ".join(f"{result.data.row_ids[k][0]} ({shifts[k]:+.2f})" for k in named)


def sentence(row: pd.Series) -> str:
    """A plain sentence on one coefficient of `identification_table`."""
    name, value = row["coefficient"], f"{row['estimate']:.2f}"
    if row["rests_on"] == "fixed":
        return f"{name} is held at {value}."
    span = f"{row['low']:.2f} to {row['high']:.2f}"
    if row["rests_on"] == "prior":
        return f"{name}: the record says next to nothing; {value} ({span}) is the prior."
    sign = "its sign is clear" if row["low"] * row["high"] > 0 else "its sign is open"
    share = {
        "likelihood": "the record carries it",
        "both": "record and prior share",
    }[row["rests_on"]]
    return f"{name} is {value} ({span}, 90 %): {share}, {sign}{_open_side(row)}."


def _open_side(row: pd.Series) -> str:
    """On which sides the likelihood alone does not bound a coefficient, in words."""
    below, above = np.isinf([row["likelihood_low"], row["likelihood_high"]])
    if not below and not above:
        return ""
    side = "either side" if below and above else ("below" if below else "above")
    return f"; only the prior bounds it from {side}"
