"""Shipped scenarios, parameter sets and facts, found by name or by path.

In a checkout they lie at the top level (``configs/``, ``seeds/``); a wheel carries them inside the
package.
"""

import codecs
import contextlib
import copy
import datetime as dt
import hashlib
import re
from collections.abc import Hashable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml

from negotiation_abm.files.errors import InputError, suggest

_PACKAGE = Path(__file__).resolve().parents[1]
_CHECKOUT = _PACKAGE.parent.parent
SCENARIOS = ("configs", ".yaml")
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
    problem = f"no such file, and no shipped name; {hint}"
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


class _UniqueKeyLoader(yaml.SafeLoader):
    """A YAML loader that refuses a key given twice."""


def _mapping(loader: _UniqueKeyLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, Hashable):
            raise yaml.constructor.ConstructorError(
                None, None, "a name must be plain text", key_node.start_mark
            )
        if key in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"'{key}' is given twice", key_node.start_mark
            )
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


_UniqueKeyLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


_UniqueKeyLoader.add_implicit_resolver(  # 1e-3 is a number, whatever YAML 1.1 says
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(\d+(\.\d*)?|\.\d+)[eE][-+]?\d+$"),
    list("-+.0123456789"),
)


def parse_yaml(text: str) -> Any:
    """A value in YAML; raises `yaml.YAMLError` or `ValueError` if it is none."""
    return yaml.load(text, Loader=_UniqueKeyLoader)


@lru_cache(maxsize=64)
def _parsed(text: str) -> Any:
    """A text of YAML is parsed once; the caller copies what it gets."""
    return parse_yaml(text)


def read_text(path: Path) -> str:
    """Text of a file, or one clear line why it cannot be read."""
    try:
        content = path.read_bytes()
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


def _line_of_bad_date(path: Path) -> str:
    """Where the YAML has a date that no calendar has; the library does not say."""
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        for text in re.findall(r"(?<![\w-])\d{4}-\d{2}-\d{2}(?![\w-])", line):
            try:
                dt.date.fromisoformat(text)
            except ValueError:
                return f"line {number}, {line.strip().split(':')[0].lstrip('- {')}: {text}"
    return ""


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML file whose top level is a mapping."""
    try:
        data = copy.deepcopy(_parsed(read_text(path)))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "not valid YAML"
        raise InputError(path, place, f"not valid YAML: {problem}") from None
    except (ValueError, RecursionError) as error:  # a date that does not exist, endless nesting
        problem = str(error) if isinstance(error, ValueError) else "nested too deeply"
        place = _line_of_bad_date(path)
        raise InputError(path, place, f"not valid YAML: {problem}") from None
    if not isinstance(data, dict):
        raise InputError(path, "top level", "expected a mapping of names to values")
    return data


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
