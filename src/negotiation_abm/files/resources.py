"""Shipped scenarios, parameter sets and facts, found by name or by path.

In a checkout they lie at the top level (``configs/``, ``seeds/``); a wheel carries them inside the
package.
"""

import codecs
import contextlib
import hashlib
import logging
import stat
from functools import cache
from pathlib import Path

from negotiation_abm.files.errors import InputError, suggest

_PACKAGE = Path(__file__).resolve().parents[1]
_CHECKOUT = _PACKAGE.parent.parent
LARGE_FILE, LARGEST_FILE = 1_000_000, 100_000_000  # bytes: says so; is refused
SCENARIOS = ("configs", ".yaml")
NO_FILE = "a device or a pipe, no file"
EPISODES = "seeds/episodes"
MAIN_READING = "scenario.yaml"


def root() -> Path:
    """Folder that holds ``configs`` and ``seeds``."""
    shipped = _PACKAGE / "_data"
    return shipped if shipped.is_dir() else _CHECKOUT


def shipped(folder: str, suffix: str) -> dict[str, Path]:
    """Shipped files of a folder such as ``configs/parameters``, by stem."""
    return {path.stem: path for path in sorted((root() / folder).glob(f"*{suffix}"))}


def shipped_episodes() -> dict[str, Path]:
    """Scenarios of the shipped episodes (``seeds/episodes``) and of their other readings.

    An episode goes by the name of its folder (``us_eu_2018``), another reading of it by folder and
    file (``us_eu_2018/cars_only``); an episode stands before its readings.
    """
    folders = sorted(path.parent for path in (root() / EPISODES).glob(f"*/{MAIN_READING}"))
    found = {}
    for folder in folders:
        found[folder.name] = folder / MAIN_READING
        others = sorted(set(folder.glob("*.yaml")) - {folder / MAIN_READING})
        found |= {f"{folder.name}/{path.stem}": path for path in others}
    return found


def _named(folder: str, suffix: str) -> dict[str, Path]:
    """What can be named: shipped files of a folder, and the episodes where scenarios lie."""
    known = shipped(folder, suffix)
    return known | shipped_episodes() if (folder, suffix) == SCENARIOS else known


def find(
    reference: str | Path,
    folder: str,
    suffix: str,
    base: Path | None = None,
    named_in: tuple[Path, str] | None = None,
) -> Path:
    """The file that a path or the name of a shipped file means.

    Parameters
    ----------
    reference : str or Path
        A path or a shipped name. A path that is not absolute is looked for in `base` first, then
        in the working directory.
    folder, suffix : str
        Where shipped files of this kind lie and how they end.
    base : Path, optional
        Folder of the file that holds the reference.
    named_in : tuple of Path and str, optional
        File and place that hold the reference, for the error text.

    Raises
    ------
    InputError
        If there is no such file.
    """
    path = Path(reference)
    candidate = file_beside(reference, base)
    if candidate is not None:
        return candidate
    known = _named(folder, suffix)
    if str(reference) in known:
        return known[str(reference)]
    hint = suggest(path.stem, known)
    problem = f"{not_there(reference, base)}, and no shipped name; {hint}"
    if named_in is not None:
        raise InputError(*named_in, f"'{reference}': {problem}")
    raise InputError(reference, "", problem)


def file_beside(reference: str | Path, base: Path | None) -> Path | None:
    """The file that a path means: in `base`, else from the working directory; None: no file."""
    path = Path(reference)
    for candidate in (path if base is None else base / path, path):
        with contextlib.suppress(OSError, ValueError):  # no path at all: too long, a null byte
            if candidate.is_file():
                return candidate
    return None


def not_there(reference: str | Path, base: Path | None = None) -> str:
    """What is wrong with a path at which there is no file: nothing there, or something else."""
    path = Path(reference)
    for candidate in (path if base is None else base / path, path):
        with contextlib.suppress(OSError, ValueError):
            if candidate.exists():
                return "a folder, no file" if candidate.is_dir() else NO_FILE
    return "no such file"


def read_text(path: Path) -> str:
    """Text of a file, or one clear line why it cannot be read.

    A device or a pipe may have no end, or wait for one who writes to it: only files are read, and
    of no more bytes than are allowed.
    """
    try:
        status = path.stat()
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
            raise InputError(path, "", f"cannot be read ({NO_FILE})")
        size = status.st_size
        if LARGE_FILE < size <= LARGEST_FILE:
            logging.getLogger(__name__).info("reading %s, %.1f MB ...", path, size / 1e6)
        with path.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1) if size <= LARGEST_FILE else b""
        if max(size, len(content)) > LARGEST_FILE:  # the length of some files is not known before
            problem = f"{max(size, len(content)):,} bytes; allowed: up to {LARGEST_FILE:,}"
            raise InputError(path, "", problem)
        is_wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = content.decode("utf-16" if is_wide else "utf-8-sig")
        return text.replace("\r\n", "\n").replace("\r", "\n")
    except FileNotFoundError:
        raise InputError(path, "", "no such file") from None
    except UnicodeDecodeError as error:
        problem = "not UTF-8 text; save the file as UTF-8 (in a spreadsheet: 'CSV UTF-8')"
        raise InputError(path, f"byte {error.start}", problem) from None
    except OSError as error:
        raise InputError(path, "", f"cannot be read ({error.strerror})") from None


@cache
def source_hash(*places: str) -> str:
    """Hash of the package's sources.

    Parameters
    ----------
    *places : str
        Folders and files of the package that matter, such as ``core`` and ``run/batch.py``; none:
        all of it. Results may be compared where the hash of what determines them is the same.
    """
    digest = hashlib.sha256()
    roots = [_PACKAGE / place for place in places or (".",)]
    files = {file for root in roots for file in ([root] if root.suffix else root.rglob("*.py"))}
    for path in sorted(files):
        digest.update(path.relative_to(_PACKAGE).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
