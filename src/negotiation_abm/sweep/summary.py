"""The summary of a sweep: one row a point and outcome, with the values of what varied."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from negotiation_abm.core.terms import TruceEnd
from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.run.spells import MEASURES
from negotiation_abm.survival import intervals
from negotiation_abm.sweep.cells import Rectangle
from negotiation_abm.sweep.digest import Content
from negotiation_abm.sweep.estimates import Estimates, Estimator, Outcome, Settings
from negotiation_abm.sweep.folder import POINTS, read_state
from negotiation_abm.sweep.points import Points
from negotiation_abm.sweep.reader import BLOCK_RUNS, Reader, Rows, windows

if TYPE_CHECKING:
    import pandas as pd

SUMMARY = "summary.parquet"
ROUNDING = 1e-12  # less of a variance than this is left of numbers that cancel
KEPT = 4  # blocks of the reference
_EMPTY = (  # outcomes that cannot be other than 0
    Outcome(MEASURES[0], group, f"share_{TruceEnd.ESCALATION.name.lower()}")
    for group in ("running", "all")
)
NEVER = frozenset(_EMPTY)
_FLOATS = ("mean", "sd", "error", "low", "high")
_DIFFERENCES = ("difference", "difference_error", "difference_low", "difference_high")


def summary_tables(
    folder: Path, reader: Reader, options: dict[str, Any], content: Content
) -> Iterator[pa.Table]:
    """The summary, some points at a time; the rows that it is made from are added to `content`.

    Parameters
    ----------
    options : dict
        days, rmst_days, reference (number of a point, or None), paired.
    """
    points = Points(folder / POINTS)
    settings = Settings(tuple(options["days"]), options["rmst_days"])
    runs = reader.runs_of(len(points))
    reference = None
    if options["reference"] is not None and runs[options["reference"]] > 0:
        reference = Reference(reader, options["reference"], runs, settings)
    for group in windows(runs):
        start, end = group[0].point, group[0].end
        rows = points.rows(start, end)
        blocks = _blocks(reader, group)
        for block in blocks():
            content.add(block, rows["key"].to_pylist())
        content.close()
        estimator = Estimator(blocks, end - start, settings)
        partner = reference.partner if reference and options["paired"] else None
        found = estimator.estimate(partner)
        yield _table(rows, found, reference, start)


def _blocks(reader: Reader, group: list[Rectangle]) -> Callable[[], Iterator[Rows]]:
    """The rows of a group of windows, as often as they are wanted; one window is kept."""
    if len(group) == 1:
        rows = reader.read(group[0])
        return lambda: iter([rows])
    return lambda: (reader.read(window) for window in group)


class Reference:
    """The point that others are compared with: its estimates, and the influence of its runs."""

    def __init__(self, reader: Reader, number: int, runs: np.ndarray, settings: Settings) -> None:
        self._reader = reader
        self.number = number
        stops = range(0, int(runs[number]), BLOCK_RUNS)
        group = [Rectangle(number, number + 1, first, first + BLOCK_RUNS) for first in stops]
        self._estimator = Estimator(_blocks(reader, group), 1, settings)
        self.found = self._estimator.estimate()
        self._kept: OrderedDict[int, np.ndarray] = OrderedDict()

    def partner(self, rows: Rows) -> np.ndarray:
        """Influence of the reference's run with the same number, 0 where it has none."""
        replicate = rows.runs["replicate"]
        block = int(replicate[0]) // BLOCK_RUNS if len(replicate) else 0
        return np.asarray(self._block(block)[replicate - block * BLOCK_RUNS])

    def _block(self, block: int) -> np.ndarray:
        if block not in self._kept:
            first = block * BLOCK_RUNS
            window = Rectangle(self.number, self.number + 1, first, first + BLOCK_RUNS)
            rows = self._reader.read(window)
            padded = np.zeros((BLOCK_RUNS, len(self._estimator.outcomes)))
            if rows.runs:
                padded[rows.runs["replicate"] - first] = self._estimator.influence(rows)
            self._kept[block] = padded
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return self._kept[block]


def _table(points: pa.Table, found: Estimates, reference: Reference | None, start: int) -> pa.Table:
    """Estimates as rows: for each point (from number `start`), every outcome that it has."""
    shape = found.value.shape
    shown = np.array([outcome not in NEVER for outcome in found.outcomes])
    is_run = np.array([not outcome.measure for outcome in found.outcomes])
    keep = (shown & (is_run | (found.spells > 0)) & (found.runs[:, None] > 0)).ravel()
    columns: dict[str, Any] = {}
    rows = np.repeat(np.arange(shape[0]), shape[1])[keep]
    values = points.drop_columns(["key"]).take(pa.array(rows))
    columns["runs"] = np.repeat(found.runs.astype(np.int64), shape[1])[keep]
    spells = found.spells.astype(np.int64).ravel()[keep]
    columns["spells"] = pa.array(spells, mask=np.tile(is_run, shape[0])[keep])
    for name in Outcome._fields:
        texts = [getattr(outcome, name) for outcome in found.outcomes]
        known = sorted(set(texts) - {""})
        codes = np.array([known.index(text) if text else -1 for text in texts], np.int32)
        indices = np.tile(codes, shape[0])[keep]
        columns[name] = pa.DictionaryArray.from_arrays(
            pa.array(indices, mask=indices < 0), pa.array(known)
        ).cast(pa.string())
    sd = found.error * np.sqrt(found.runs)[:, None]
    for name, numbers in zip(
        _FLOATS, (found.value, sd, found.error, found.low, found.high), strict=True
    ):
        columns[name] = _nullable(numbers.ravel()[keep])
    if reference is not None:
        differences = _differences(found, reference, reference.number - start)
        for name, numbers in zip(_DIFFERENCES, differences, strict=True):
            columns[name] = _nullable(numbers.ravel()[keep])
    for name, column in columns.items():
        values = values.append_column(name, column if isinstance(column, pa.Array) else [column])
    return values


def _nullable(numbers: np.ndarray) -> pa.Array:
    return pa.array(numbers, mask=np.isnan(numbers))


def _differences(found: Estimates, reference: Reference, own: int) -> tuple[np.ndarray, ...]:
    """Point less reference, its error and interval; both share the runs of the same number.

    The reference itself, point `own`, has no interval.
    """
    base = reference.found
    value = found.value - base.value
    apart = found.error**2 + base.error**2
    variance = apart - 2.0 * found.covariance
    error = np.sqrt(np.where(variance <= ROUNDING * apart, 0.0, variance))
    runs = np.minimum(found.sharing, base.sharing)
    limits = -found.span, found.span
    low, high = intervals.bounded(value, error, runs, runs, limits)
    if 0 <= own < len(value):
        low[own] = high[own] = np.nan
    return value, error, low, high


def write_summary(
    folder: Path, reader: Reader, options: dict[str, Any], target: Path
) -> tuple[str, int]:
    """Write the summary to `target`; returns the content hash of the sweep and the rows."""
    content = Content()
    writer, rows = None, 0
    try:
        for table in summary_tables(folder, reader, options, content):
            if writer is None:
                writer = pq.ParquetWriter(target, table.schema, compression="zstd")
            writer.write_table(table, row_group_size=max(1, len(table)))
            rows += len(table)
    finally:
        if writer is not None:
            writer.close()
    return content.hash(), rows


def first_points(folder: Path, count: int) -> "pd.DataFrame":
    """The rows of the summary of the first `count` points; the others are not read."""
    file = pq.ParquetFile(folder / SUMMARY)
    parts = [file.schema_arrow.empty_table()]
    for group in range(file.num_row_groups):
        parts.append(file.read_row_group(group))
        if parts[-1]["point"][-1].as_py() >= count:
            break
    frame: pd.DataFrame = pa.concat_tables(parts).to_pandas()
    return frame.loc[frame["point"] < count]


def load_sweep(
    path: str | Path,
    outcome: str | None = None,
    measure: str | None = None,
    group: str | None = None,
) -> "pd.DataFrame":
    """The summary of a finished sweep.

    Parameters
    ----------
    path : str or Path
        The sweep's folder.
    outcome, measure, group : str, optional
        Only these rows: ``survival_365``, ``rmst_weeks``, ``median_weeks``, ``share_breach``,
        ``num_truces``, ...; ``covered`` or ``any_domain``; ``running`` or ``all``.

    Returns
    -------
    DataFrame
        One row a point and outcome: point, the values of what varied by dotted name, runs,
        spells, measure, group, outcome, mean, sd (of a run), error (of the mean), low, high
        (95 %), and with a reference difference, difference_error, difference_low,
        difference_high.

    Raises
    ------
    InputError
        If the folder holds no finished sweep, or there is no such outcome.
    """
    import pandas as pd

    folder = Path(path)
    if not (folder / SUMMARY).is_file():
        state = read_state(folder) if folder.is_dir() else None
        problem = "no sweep there" if state is None else "the sweep is not finished; run it again"
        raise InputError(folder, "", problem)
    frame = pd.read_parquet(folder / SUMMARY)
    for name, value in (("measure", measure), ("group", group), ("outcome", outcome)):
        if value is not None:
            known = list(dict.fromkeys(frame[name].dropna()))
            if value not in known:
                raise InputError(folder, name, f"no '{value}'; {suggest(value, known)}")
            frame = frame[frame[name] == value]
    return frame.reset_index(drop=True)
