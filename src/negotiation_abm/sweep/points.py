"""``points.parquet``: every point with its number, its key and the values of what varies."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from negotiation_abm.sweep.plan import Plan, key_of
from negotiation_abm.sweep.spec import plain

GROUP = 50_000  # rows a row group
MANY = 100_000  # points: says so


def points_file(plan: Plan) -> bytes:
    """The file's content. Numbers are floats; dates and names are text; null: left alone."""
    if plan.num_points > MANY:
        logging.getLogger(__name__).info("writing %s points ...", f"{plan.num_points:,}")
    texts: set[str] = set()
    while True:
        found = _written(plan, texts)
        if isinstance(found, bytes):
            return found
        texts |= found  # a column holds text after all: once more


def _written(plan: Plan, texts: set[str]) -> bytes | set[str]:
    names = list(dict.fromkeys(plan.spec.points.names))
    kinds = {name: pa.string() if name in texts else pa.float64() for name in names}
    schema = pa.schema([("point", pa.int64()), ("key", pa.string()), *kinds.items()])
    stream = io.BytesIO()
    with pq.ParquetWriter(stream, schema, compression="zstd") as writer:
        for start in range(0, plan.num_points, GROUP):
            numbers = range(start, min(start + GROUP, plan.num_points))
            points = plan.several(numbers)
            more = {n for p in points for n, v in p.items() if n not in texts and not _number(v)}
            if more:
                return more
            columns: list[Any] = [list(numbers), [key_of(point) for point in points]]
            for name in names:
                turn = _text if name in texts else float
                columns.append([turn(p[name]) if p.get(name) is not None else None for p in points])
            writer.write_table(pa.table(columns, schema=schema), row_group_size=GROUP)
    return stream.getvalue()


def _number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _text(value: Any) -> str:
    value = plain(value)
    return value if isinstance(value, str) else json.dumps(value)


class Points:
    """Reads the file a row group at a time."""

    def __init__(self, path: Path) -> None:
        self._file = pq.ParquetFile(path)
        self._group = -1
        self._table = pa.table({})

    def __len__(self) -> int:
        return int(self._file.metadata.num_rows)

    @property
    def names(self) -> list[str]:
        """Names that vary."""
        return [name for name in self._file.schema_arrow.names if name not in ("point", "key")]

    def rows(self, start: int, end: int) -> pa.Table:
        """The rows of points ``start .. end - 1``."""
        pieces = []
        while start < end:
            group = start // GROUP
            if group != self._group:
                self._group, self._table = group, self._file.read_row_group(group)
            stop = min(end, (group + 1) * GROUP)
            pieces.append(self._table.slice(start - group * GROUP, stop - start))
            start = stop
        return pa.concat_tables(pieces)

    def keys(self) -> Iterator[str]:
        """Keys of all points, in order."""
        for group in range(self._file.num_row_groups):
            yield from self._file.read_row_group(group, columns=["key"])["key"].to_pylist()
