"""Posterior draws of a calibrated parameter set: the Parquet file beside its YAML.

``NAME.parquet`` lies beside ``NAME.yaml``. Columns are `chain`, `draw`, then one for each
coefficient, called by the dotted name that `negotiation_abm.load_scenario` sets it by
(``fatigue``, ``initiative.US``, ``lever_bias.CHINA.soybeans``).
"""

from pathlib import Path
from typing import TYPE_CHECKING

from negotiation_abm.files.errors import InputError
from negotiation_abm.files.resources import find
from negotiation_abm.scenario.parameters import FOLDER, check_name

if TYPE_CHECKING:
    import pandas as pd

INDEX = ("chain", "draw")


def load_draws(reference: str | Path, base: Path | None = None) -> "pd.DataFrame":
    """Read and check the draws of a parameter set.

    Parameters
    ----------
    reference : str or Path
        Shipped name or path of the set; its draws lie beside it.
    base : Path, optional
        Folder of the file that holds the reference.

    Returns
    -------
    DataFrame, shape (num_draws, 2 + num_coefficients)
        `chain`, `draw`, and the coefficients by dotted name.

    Raises
    ------
    InputError
        If there is no such file, or a column is no parameter or holds no finite numbers.
    """
    import pandas as pd

    path = find(reference, FOLDER, ".yaml", base).with_suffix(".parquet")
    if not path.is_file():
        raise InputError(path, "", "no such file; the parameter set has no posterior draws")
    try:
        draws = pd.read_parquet(path)
    except (OSError, ValueError) as error:  # pyarrow's errors are both
        raise InputError(path, "", f"not a readable Parquet file ({error})") from None
    for name in INDEX:
        if name not in draws:
            raise InputError(path, name, "missing column")
    if draws.empty or not coefficients(draws):
        raise InputError(path, "", "holds no draws")
    for name in coefficients(draws):
        try:
            check_name(name)
        except ValueError as error:
            raise InputError(path, name, str(error)) from None
        numbers = pd.to_numeric(draws[name], errors="coerce")
        if not numbers.abs().lt(float("inf")).all():
            raise InputError(path, name, "holds something that is not a finite number")
    return draws


def coefficients(draws: "pd.DataFrame") -> list[str]:
    """Dotted names of the coefficients, in the order of the columns."""
    return [name for name in draws.columns if name not in INDEX]


def changes_of(draws: "pd.DataFrame", number: int) -> dict[str, float]:
    """Draw `number` (a row, from 0) as changes for `negotiation_abm.load_scenario`."""
    row = draws.iloc[number]
    return {name: float(row[name]) for name in coefficients(draws)}
