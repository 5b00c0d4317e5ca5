"""What the server was started with; set once, before the first page."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """The folder of results that the page may open, and the seed that its runs start from."""

    results: Path = Path("results")
    seed: int = 1
    replicates: int = 20_000


_given = [Settings()]


def configure(settings: Settings) -> None:
    """Take the settings of this server."""
    _given[0] = settings


def current() -> Settings:
    """The settings of this server."""
    return _given[0]
