"""What a checkout is set up with: every package at one version, with hashes, and none missing."""

import importlib.util
import re
import tomllib
from functools import lru_cache
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from cli_helpers import ROOT

SPEC = importlib.util.spec_from_file_location("renew", ROOT / "requirements/renew.py")
renew = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(renew)

ABOUT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def entries(file):
    """Requirement and hashes of each package of a file, without the files that it builds on."""
    text = (ROOT / "requirements" / f"{file}.txt").read_text()
    for block in re.split(r"\n(?=[a-z])", text)[1:]:
        first, *hashes = [part.strip() for part in block.split("\\\n")]
        yield Requirement(first), hashes


def pins(file):
    """Version of each package that pip takes here from a file and those that it builds on."""
    base = renew.FILES[file][0]
    here = {
        canonicalize_name(one.name): one.specifier
        for one, _ in entries(file)
        if one.marker is None or one.marker.evaluate()
    }
    return (pins(base) if base else {}) | here


@pytest.mark.parametrize("file", renew.FILES)
def test_every_package_has_one_version_and_hashes(file):
    assert list(entries(file))
    for one, hashes in entries(file):
        assert re.fullmatch(r"==[^*,]+", str(one.specifier)), one
        assert hashes, one
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", text) for text in hashes), one


@pytest.mark.parametrize("file", renew.FILES)
def test_pip_reads_nothing_but_packages_and_the_file_below(file):
    lines = (ROOT / "requirements" / f"{file}.txt").read_text().splitlines()
    base = renew.FILES[file][0]
    others = [line for line in lines if not re.match(r"[a-z0-9]|    --hash=", line)]
    assert others == [renew.HEAD.strip(), *([f"-r {base}.txt"] if base else [])]


def test_a_package_is_of_one_version_in_all_files():
    found = {}
    for file in renew.FILES:
        for name, version in pins(file).items():
            assert found.setdefault(name, version) == version


@pytest.mark.parametrize("file", renew.FILES)
def test_versions_are_those_that_the_package_allows(file):
    known = pins(file)
    for text in renew.wanted(renew.FILES[file][1], ABOUT):
        one = Requirement(text)
        (version,) = known[canonicalize_name(one.name)]
        assert one.specifier.contains(version.version, prereleases=True), one


@lru_cache
def needs(name):
    """What an installed package needs; nothing for one that is not installed here."""
    try:
        return [Requirement(text) for text in metadata.requires(name) or []]
    except metadata.PackageNotFoundError:
        return []


@pytest.mark.parametrize("file", renew.FILES)
def test_nothing_that_a_package_needs_is_missing(file):
    """As pip is told to look for no dependencies itself."""
    known = pins(file)
    waiting = [Requirement(text) for text in renew.wanted(renew.FILES[file][1], ABOUT)]
    seen = set()
    while waiting:
        one = waiting.pop()
        assert canonicalize_name(one.name) in known, one
        for extra in one.extras | {""}:
            if (one.name, extra) not in seen:
                seen.add((one.name, extra))
                waiting += [
                    inner
                    for inner in needs(one.name)
                    if inner.marker is None or inner.marker.evaluate({"extra": extra})
                ]
