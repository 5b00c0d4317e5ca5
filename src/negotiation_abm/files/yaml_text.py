"""YAML as people write it, and as nobody should: whatever comes in, a value or one clear line.

The parser is PyYAML's on libyaml. What it makes of a text is looked at before any value is built:
a name that is given twice, aliases that multiply, nesting without end, and numbers that no
computation could hold are refused here, once for all files, ``--set`` and cells of tables.
"""

import copy
import re
from collections.abc import Hashable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import ConstructorError, SafeConstructor
from yaml.resolver import BaseResolver, Resolver

from negotiation_abm.files.errors import InputError, shortened, shown
from negotiation_abm.files.resources import read_text

try:
    from yaml import cyaml

    _Parser: Any = cyaml.CParser  # type: ignore[attr-defined]
except ImportError:  # PyYAML was built without libyaml: slower, and else the same
    _Parser = None

MOST_NESTED = 60
MOST_REPEATED = 100_000  # values that aliases may add
LARGEST = 10**300  # a whole number must fit a float
_PLAIN = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})(\.[0-9]+)?([eE][-+]?[0-9]+)?")  # a number
_BAD = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError)


class _Loader(*((_Parser, SafeConstructor, Resolver) if _Parser else (yaml.SafeLoader,))):  # type: ignore[misc]
    """A loader of plain values that refuses a key given twice."""

    def __init__(self, stream: str) -> None:
        if _Parser is None:
            super().__init__(stream)
            return
        _Parser.__init__(self, stream)
        SafeConstructor.__init__(self)
        Resolver.__init__(self)


def _mapping(loader: Any, node: yaml.MappingNode) -> dict[Any, Any]:
    seen = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, Hashable):
            raise _refused("a name must be plain text", key_node)
        if key in seen:
            raise _refused(f"{shown(key)} is given twice", key_node)
        seen.add(key)
    found: dict[Any, Any] = loader.construct_mapping(node, deep=True)
    return found


def _whole(loader: Any, node: yaml.ScalarNode) -> int:
    number: int = loader.construct_yaml_int(node)
    if abs(number) > LARGEST:
        raise _refused("a number of too many digits", node)
    return number


_Loader.add_constructor(BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
_Loader.add_constructor("tag:yaml.org,2002:int", _whole)
_Loader.add_implicit_resolver(  # 1e-3 is a number, whatever YAML 1.1 says
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(\d+(\.\d*)?|\.\d+)[eE][-+]?\d+$"),
    list("-+.0123456789"),
)


def parse_yaml(text: str) -> Any:
    """A value in YAML.

    Raises
    ------
    yaml.YAMLError
        If it is none, or one that is refused: see `read_yaml`.
    """
    if number := _PLAIN.fullmatch(text):  # what nearly all cells of a table are, read at once
        return float(text) if number[1] or number[2] else int(text)
    try:
        _check_depth(text)
        root = yaml.compose(text, Loader=_Loader)
        if root is None:
            return None
        if "*" in text:  # no alias without one
            _check_size(root)
        return _built(root)
    except yaml.MarkedYAMLError as error:
        _name_sign(error, text)
        raise
    except _BAD as error:
        raise ConstructorError(None, None, f"{type(error).__name__}: {error}") from None


def _built(root: yaml.Node) -> Any:
    try:
        return _Loader("").construct_document(root)
    except _BAD:
        for name, node in _scalars(root):
            _construct(name, node)
        raise


def _check_depth(text: str) -> None:
    """Refuse nesting without end before it is composed, which libyaml does on the stack."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MOST_NESTED:
            raise _refused("nested too deeply", event)


def _refused(problem: str, at: Any) -> ConstructorError:
    return ConstructorError(None, None, problem, at.start_mark)


def _name_sign(error: yaml.MarkedYAMLError, text: str) -> None:
    """Which sign it is that the parser has no use for: a tab is not seen in an editor."""
    mark, problem = error.problem_mark, error.problem or ""
    if mark and problem.endswith("cannot start any token") and mark.index < len(text):
        error.problem = f"{problem}: {text[mark.index]!r}"


def _scalars(root: yaml.Node) -> Iterator[tuple[str, yaml.ScalarNode]]:
    """Every scalar with a meaning of its own (a date, a number), and the name that it stands at."""
    waiting, seen = [("", root)], {id(root)}
    while waiting:
        name, node = waiting.pop()
        if isinstance(node, yaml.ScalarNode):
            if not node.tag.endswith(":str"):
                yield name, node
            continue
        names = [name] * len(node.value)
        if isinstance(node, yaml.MappingNode):
            keys = [
                str(key.value) if isinstance(key, yaml.ScalarNode) else "" for key, _ in node.value
            ]
            names = [one for key in keys for one in (name, key)]
        for inside, child in reversed(list(zip(names, _children(node), strict=True))):
            if id(child) not in seen:
                seen.add(id(child))
                waiting.append((inside, child))


def _construct(name: str, node: yaml.ScalarNode) -> None:
    """Try to make a value of a scalar, to say which one it is that the library fails at."""
    try:
        _Loader("").construct_document(node)
    except _BAD as error:
        kind = {"timestamp": "date", "bool": "yes or no"}.get(node.tag.rpartition(":")[2], "number")
        reason = f" ({error})" if kind == "date" and isinstance(error, ValueError) else ""
        problem = f"{shown(node.value)} is no {kind}{reason}"
        if name:
            problem = f"{shortened(name, 60)}: {problem}"
        raise _refused(problem, node) from None


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [one for pair in node.value for one in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _check_size(root: yaml.Node) -> None:
    """Refuse aliases of what they stand in, and aliases that multiply."""
    sizes: dict[int, int] = {}
    open_nodes: set[int] = set()
    waiting = [(root, False)]
    while waiting:
        node, is_left = waiting.pop()
        number = id(node)
        if number in sizes:
            continue
        if is_left:
            inside = _children(node)
            open_nodes.discard(number)
            sizes[number] = 1 + sum(sizes[id(one)] for one in inside)
            if sizes[number] - len(sizes) > MOST_REPEATED:
                problem = f"aliases repeat more than {MOST_REPEATED} values"
                raise _refused(problem, node)
            continue
        if number in open_nodes:
            raise _refused("an alias of what it stands in", node)
        open_nodes.add(number)
        waiting.append((node, True))
        waiting += [(child, False) for child in _children(node) if id(child) not in sizes]


@lru_cache(maxsize=64)
def _parsed(text: str) -> Any:
    """A text of YAML is parsed once; the caller copies what it gets."""
    return parse_yaml(text)


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML file whose top level is a mapping.

    Raises
    ------
    InputError
        With the line, if it is none, a name is given twice, a value has a tag that it does not
        fit, aliases multiply, it is nested too deeply, or a number has more digits than fit.
    """
    try:
        data = copy.deepcopy(_parsed(read_text(path)))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}" if mark else ""
        raise InputError(path, place, f"not valid YAML: {reason_of(error)}") from None
    if not isinstance(data, dict):
        raise InputError(path, "top level", "expected a mapping of names to values")
    return data


def reason_of(error: yaml.YAMLError) -> str:
    """What the parser dislikes, without its snippet of the text."""
    return str(getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable")
