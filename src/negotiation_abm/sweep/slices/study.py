"""The indices of one outcome of a sensitivity study."""

from pathlib import Path

import pandas as pd

from negotiation_abm.files.errors import InputError, suggest

STUDY = "sensitivity.csv"


def study_table(path: str | Path, outcome: str | None = None) -> pd.DataFrame:
    """Indices of one outcome of a study: the rows of its ``sensitivity.csv``.

    Raises
    ------
    InputError
        If the folder holds none, or there is no such outcome.
    """
    file = Path(path) / STUDY
    if not Path(path).is_dir():
        raise InputError(path, "", "no such folder")
    try:
        table = pd.read_csv(file)
        names = study_outcomes(table)
        table = table.astype({"factor": str, "is_dummy": bool})
    except FileNotFoundError:
        raise InputError(path, "", f"holds neither a sweep nor a study ({STUDY})") from None
    except (ValueError, KeyError, IndexError) as error:
        raise InputError(file, "", f"not the table of a study ({error})") from None
    chosen = outcome or names[0]
    if chosen not in names:
        raise InputError(file, "outcome", f"'{chosen}'; {suggest(chosen, names)}")
    return table[table["outcome"] == chosen].reset_index(drop=True)


def study_outcomes(table: pd.DataFrame) -> list[str]:
    """Outcomes of a table of indices, in order."""
    return list(dict.fromkeys(table["outcome"]))
