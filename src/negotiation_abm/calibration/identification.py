"""What the record says about each coefficient, and what it does not."""

import numpy as np
import pandas as pd

from negotiation_abm.calibration.fit import Fit, fit, interval

PRIOR_ALONE = 0.9  # posterior over prior sd above which the record has said next to nothing
CLEAR = 0.5  # ratio below which it carries the coefficient


def identification_table(result: Fit, by_moments: tuple[str, ...] = ()) -> pd.DataFrame:
    """One row a coefficient; `by_moments` names those that the moments of free runs set.

    Returns
    -------
    DataFrame
        coefficient, estimate, error, low, high (90 % Laplace), prior_mean, prior_sd, ratio
        (posterior over prior sd), zero_cost (nats of log-posterior that holding it at 0 costs),
        rests_on (likelihood, both, prior, moments, fixed), most_influential (rows of the record
        whose leaving out moves it most, in errors).
    """
    shifts = _influence(result)
    rows = []
    for k, coefficient in enumerate(result.data.coefficients):
        held = k in result.fixed
        low, high = interval(result, k)
        prior_sd = float(np.sqrt(result.prior.covariance[k, k]))
        ratio = float(result.errors[k] / prior_sd) if prior_sd > 0 else float("nan")
        zero = 0.0
        if not held:
            held_too = result.fixed | {k: 0.0}
            at_zero = fit(
                result.data, result.prior, result.likelihood, held_too, result.theta, result.term
            )
            zero = result.log_posterior - at_zero.log_posterior
        rows.append(
            {
                "coefficient": coefficient.label,
                "estimate": result.theta[k],
                "error": result.errors[k],
                "low": low,
                "high": high,
                "prior_mean": result.prior.mean[k],
                "prior_sd": prior_sd,
                "ratio": ratio,
                "zero_cost": zero,
                "rests_on": (
                    "moments" if coefficient.label in by_moments else _rests_on(held, ratio)
                ),
                "most_influential": _named(result, shifts[:, k]),
            }
        )
    return pd.DataFrame(rows)


def _rests_on(held: bool, ratio: float) -> str:
    if held:
        return "fixed"
    if ratio > PRIOR_ALONE:
        return "prior"
    return "likelihood" if ratio < CLEAR else "both"


def _influence(result: Fit) -> np.ndarray:
    """Shift of each coefficient when one decision is left out, in errors, shape (D, K).

    One Newton step from the optimum, which is exact to second order.
    """
    data, theta = result.data, result.theta
    values = data.features @ theta + data.offset
    values = np.where(data.legal, values, -np.inf)
    chance = np.exp(values - values.max(axis=1, keepdims=True))
    chance /= chance.sum(axis=1, keepdims=True)
    expected = np.einsum("do,dok->dk", chance, data.features)
    score = data.features[np.arange(len(data.chosen)), data.chosen] - expected
    with np.errstate(divide="ignore", invalid="ignore"):
        shifts: np.ndarray = np.nan_to_num(-(score @ result.covariance) / result.errors)
    return shifts


def _named(result: Fit, shifts: np.ndarray, count: int = 3) -> str:
    order = np.argsort(-np.abs(shifts))
    named = [k for k in order if result.data.row_ids[k] and abs(shifts[k]) > 0.05][:count]
    return "; ".join(f"{result.data.row_ids[k][0]} ({shifts[k]:+.2f})" for k in named)


def sentence(row: pd.Series) -> str:
    """A plain sentence on one coefficient of `identification_table`."""
    name, value = row["coefficient"], f"{row['estimate']:.2f}"
    if row["rests_on"] == "fixed":
        return f"{name} is held at {value}."
    if row["rests_on"] == "moments":
        return f"{name} is set to {value} by the moments of free runs; its error is not known."
    span = f"{row['low']:.2f} to {row['high']:.2f}"
    if row["rests_on"] == "prior":
        return f"{name}: the record says next to nothing; {value} ({span}) is the prior."
    sign = "its sign is clear" if row["low"] * row["high"] > 0 else "its sign is open"
    share = "the record carries it" if row["rests_on"] == "likelihood" else "record and prior share"
    return f"{name} is {value} ({span}, 90 %): {share}, {sign}."
