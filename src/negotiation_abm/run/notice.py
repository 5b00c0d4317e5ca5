"""A line in the log where the compiling of the rules begins: it takes a quarter of a minute."""

import logging

from numba.core.event import Event, Listener

TEXT = "compiling the rules, once per version (a quarter of a minute) ..."


class Notice(Listener):
    """Notes, once in a process, that a compiled run was not in the cache.

    Numba sends an event for whatever it compiles and none for what it loads.

    Parameters
    ----------
    function : str
        Name of the function whose compiling is worth a line.
    """

    def __init__(self, function: str) -> None:
        self._function = function
        self._is_said = False

    def on_start(self, event: Event) -> None:
        """Note the first compiling of the function."""
        if not self._is_said and event.data["dispatcher"].py_func.__name__ == self._function:
            self._is_said = True
            logging.getLogger(__name__).info(TEXT)

    def on_end(self, event: Event) -> None:
        """Note nothing."""
