"""Shipped scenarios, parameter sets and facts, found by name or by path.

In a checkout they lie at the top level (``configs/``, ``seeds/``); a wheel carries them inside the
package.
"""

import contextlib
import datetime as dt
import hashlib
import re
from collections.abc import Hashable
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from negotiation_abm.files.errors import InputError, nearest

_PACKAGE = Path(__file__).resolve().parents[1]
_CHECKOUT = _PACKAGE.parent.parent


def root() -> Path:
    """Folder that holds ``configs`` and ``seeds``."""
    shipped = _PACKAGE / "_data"
    return shipped if shipped.is_dir() else _CHECKOUT


def shipped(folder: str, suffix: str) -> dict[str, Path]:
    """Shipped files of a folder such as ``configs/parameters``, by stem."""
    return {path.stem: path for path in sorted((root() / folder).glob(f"*{suffix}"))}


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
        A path (absolute, from the working directory, or from `base`) or a shipped name.
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
    for candidate in (path, (base / path) if base else path):
        with contextlib.suppress(OSError, ValueError):  # no path at all: too long, a null byte
            if candidate.is_file():
                return candidate
    known = shipped(folder, suffix)
    if str(reference) in known:
        return known[str(reference)]
    hint = nearest(path.stem, known)
    problem = f"no such file, and no shipped name; {hint}"
    if named_in is not None:
        raise InputError(*named_in, f"'{reference}': {problem}")
    raise InputError(reference, "", problem)


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


def read_text(path: Path) -> str:
    """Text of a file, or one clear line why it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(path, "", "no such file") from None
    except UnicodeDecodeError as error:
        raise InputError(path, f"byte {error.start}", "not UTF-8 text") from None
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
        data = parse_yaml(read_text(path))
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
def source_hash(rules_only: bool = False) -> str:
    """Hash of the package's sources: all of them, or what a compiled run is made from.

    Modules from outside the package count in both.
    """
    from negotiation_abm.core import modules  # loads numpy

    digest = hashlib.sha256()
    for path in sorted(_PACKAGE.rglob("*.py")):
        name = path.relative_to(_PACKAGE).as_posix()
        if rules_only and not name.startswith(("core/", "strategies/", "run/kernel.py")):
            continue
        digest.update(name.encode())
        digest.update(path.read_bytes())
    for name, file in modules.outside().items():
        digest.update(name.encode())
        digest.update(Path(file).read_bytes())
    return digest.hexdigest()[:16]
