"""The content of a sweep as one hash, whatever the order in which it was played and stored."""

import hashlib
from typing import Any

import numpy as np

from negotiation_abm.sweep.reader import Rows


class Content:
    """Hashes of points, by key; the whole is the hash of the sorted ones."""

    def __init__(self) -> None:
        self._points: list[bytes] = []
        self._open: Any = None

    def add(self, rows: Rows, keys: list[str]) -> None:
        """Add the rows of some points; those of one point may come in blocks, `close` ends it."""
        if not rows.runs:
            return
        played = np.bincount(rows.runs["point"], minlength=len(keys))
        for number, key in enumerate(keys):
            if not played[number]:
                continue
            if self._open is None:
                self._open = hashlib.sha256(key.encode())
            for columns in (rows.runs, rows.spells):
                low, high = np.searchsorted(columns["point"], [number, number + 1])
                for name in sorted(set(columns) - {"point", "run"}):
                    part = np.ascontiguousarray(columns[name][low:high])
                    self._open.update(hashlib.sha256(part.tobytes()).digest())
            if len(keys) > 1:
                self.close()

    def close(self) -> None:
        """The open point is whole."""
        if self._open is not None:
            self._points.append(self._open.digest())
        self._open = None

    def hash(self) -> str:
        """The hash of all points."""
        self.close()
        digest = hashlib.sha256()
        for one in sorted(self._points):
            digest.update(one)
        return digest.hexdigest()
