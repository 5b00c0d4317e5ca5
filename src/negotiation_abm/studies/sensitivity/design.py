"""Points to run: Sobol (Saltelli) and Morris designs on the unit cube, with a dummy factor.

The last coordinate is the dummy: it picks the seed of the random numbers and nothing else. Points
that differ in other factors only have the same seed.
"""

import logging

import numpy as np
import pandas as pd
from scipy.stats import qmc

from negotiation_abm.files.errors import InputError
from negotiation_abm.studies.sensitivity.factors import DUMMY
from negotiation_abm.studies.sensitivity.spec import Spec

LEVELS = 4
MANY = 100_000  # points: says so
POINT = ["point", "matrix", "row", "seed"]


def matrices(names: list[str]) -> list[str]:
    """Names of the matrices of a Sobol design: A, B, and A with one column of B."""
    return ["A", "B", *(f"A.{name}" for name in (*names, DUMMY))]


def num_points(spec: Spec) -> int:
    """Number of points of the design of a study."""
    names = [factor.name for factor in spec.factors]
    each = len(matrices(names)) if spec.method == "sobol" else len(names) + 2
    return spec.samples * each


def design(spec: Spec) -> pd.DataFrame:
    """The design of a study.

    Returns
    -------
    DataFrame
        One row a point: point (its name), matrix, row, seed, and a coordinate in [0, 1] for each
        factor and the dummy.
    """
    names, size = [factor.name for factor in spec.factors], num_points(spec)
    if size > MANY:
        logging.getLogger(__name__).info("laying out %s points ...", f"{size:,}")
    return _sobol(spec, names) if spec.method == "sobol" else _morris(spec, names)


def _sobol(spec: Spec, names: list[str]) -> pd.DataFrame:
    size = len(names) + 1
    sequence = qmc.Sobol(2 * size, rng=np.random.default_rng(spec.seed))
    u = sequence.random(spec.samples)
    a, b = u[:, :size], u[:, size:]
    blocks = [a, b]
    for column in range(size):
        mixed = a.copy()
        mixed[:, column] = b[:, column]
        blocks.append(mixed)
    table = pd.DataFrame(np.concatenate(blocks), columns=[*names, DUMMY])
    table.insert(0, "matrix", np.repeat(matrices(names), spec.samples))
    table.insert(1, "row", np.tile(np.arange(spec.samples), len(blocks)))
    table.insert(2, "seed", spec.seed + 1 + (table[DUMMY] * 2**31).astype(np.int64))
    return _named(table)


def _morris(spec: Spec, names: list[str]) -> pd.DataFrame:
    try:
        from SALib.sample import morris
    except ImportError:
        problem = "Morris screening needs SALib: pip install 'negotiation-abm[sensitivity]'"
        raise InputError(spec.path, "method", problem) from None
    trajectories = morris.sample(
        problem_of(names), spec.samples, num_levels=LEVELS, seed=spec.seed % 2**32
    )
    table = pd.DataFrame(trajectories, columns=[*names, DUMMY])
    steps = len(names) + 2
    table.insert(0, "matrix", [f"step{n}" for n in range(steps)] * spec.samples)
    table.insert(1, "row", np.repeat(np.arange(spec.samples), steps))
    level = np.round(table[DUMMY] * (LEVELS - 1)).astype(np.int64)
    table.insert(2, "seed", spec.seed + 1 + table["row"] * LEVELS + level)
    return _named(table)


def problem_of(names: list[str]) -> dict[str, object]:
    """A problem as SALib takes it: the unit cube."""
    every = [*names, DUMMY]
    return {"num_vars": len(every), "names": every, "bounds": [[0.0, 1.0]] * len(every)}


def _named(table: pd.DataFrame) -> pd.DataFrame:
    table.insert(0, "point", table["matrix"] + "/" + table["row"].astype(str))
    return table
