"""Where compiled rules are kept: only where nobody else can write, and never at any other price."""

import os
import stat
from pathlib import Path

import pytest

from negotiation_abm.run import compiler, drafts, kernel
from negotiation_abm.run.compiler import PLACE, cache_folder

STRANGER = 54_321  # a user id that is not ours

as_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a folder away"
)


@pytest.fixture(autouse=True)
def _asked_anew(monkeypatch):
    compiler._trusted.cache_clear()
    for name in (PLACE, "NUMBA_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, "")  # noted, so that it comes back after the test
        monkeypatch.delenv(name)
    yield
    compiler._trusted.cache_clear()


@pytest.mark.parametrize("name", [PLACE, "NUMBA_CACHE_DIR", "XDG_CACHE_HOME"])
def test_a_place_that_is_named_holds_a_private_folder_keyed_by_the_rules(
    tmp_path, monkeypatch, name
):
    monkeypatch.setenv(name, str(tmp_path / "place"))
    folder = cache_folder()
    assert folder.parent == tmp_path / "place" / "negotiation_abm"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert folder.name.startswith(compiler.source_hash("core", "strategies", *RUN_FILES)[:16])


RUN_FILES = ("run/kernel.py", "run/compiler.py", "run/drafts.py")


def test_rules_that_change_get_another_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    before = cache_folder()
    monkeypatch.setattr(compiler, "source_hash", lambda *places: "0123456789abcdef")
    assert cache_folder() == before.parent / "0123456789abcdef"


def blocked_by_a_file(tmp_path, monkeypatch):
    (tmp_path / "place").write_text("")
    monkeypatch.setenv(PLACE, str(tmp_path / "place"))


def without_a_home(tmp_path, monkeypatch):
    def no_home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)


def not_writable(tmp_path, monkeypatch):
    monkeypatch.setenv(PLACE, "/proc/1/nothing/here")


def of_a_stranger(tmp_path, monkeypatch):
    monkeypatch.setenv(PLACE, str(tmp_path))
    os.chown(cache_folder(), STRANGER, STRANGER)
    compiler._trusted.cache_clear()


def below_a_strangers_folder(tmp_path, monkeypatch):
    place = tmp_path / "theirs"
    place.mkdir()
    os.chown(place, STRANGER, STRANGER)
    monkeypatch.setenv(PLACE, str(place))


def where_anybody_writes(tmp_path, monkeypatch):
    place = tmp_path / "open"
    place.mkdir()
    place.chmod(0o777)
    monkeypatch.setenv(PLACE, str(place))


def a_link(tmp_path, monkeypatch):
    monkeypatch.setenv(PLACE, str(tmp_path))
    folder = cache_folder()
    folder.rmdir()
    (tmp_path / "elsewhere").mkdir()
    folder.symlink_to(tmp_path / "elsewhere")
    compiler._trusted.cache_clear()


def a_null_byte(tmp_path, monkeypatch):
    monkeypatch.setattr(compiler, "_base", lambda: "a\0b")


@pytest.mark.parametrize(
    "arrange",
    [
        blocked_by_a_file,
        without_a_home,
        not_writable,
        pytest.param(of_a_stranger, marks=as_root),
        pytest.param(below_a_strangers_folder, marks=as_root),
        where_anybody_writes,
        a_link,
        a_null_byte,
    ],
)
def test_a_folder_that_cannot_be_trusted_is_one_line_and_no_cache(
    tmp_path, monkeypatch, capsys, arrange
):
    arrange(tmp_path, monkeypatch)
    assert cache_folder() is None
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.startswith("note: compiled rules cannot be kept")
    assert cache_folder() is None
    assert capsys.readouterr().err == ""  # said once, to processes that are started too
    assert os.environ[PLACE] == ""


def test_an_empty_place_means_no_cache_and_no_word(monkeypatch, capsys):
    monkeypatch.setenv(PLACE, "")
    assert cache_folder() is None
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("mode", [0o775, 0o722, 0o777])
def test_a_folder_that_others_could_write_to_is_not_used(tmp_path, monkeypatch, capsys, mode):
    """What lies in it may have been put there by them, whatever its mode is made now."""
    monkeypatch.setenv(PLACE, str(tmp_path))
    folder = cache_folder()
    folder.chmod(mode)
    compiler._trusted.cache_clear()
    assert cache_folder() is None
    assert f"others can write to {folder}; remove it" in capsys.readouterr().err
    assert stat.S_IMODE(folder.stat().st_mode) == mode


def test_a_folder_is_private_under_any_umask(tmp_path, monkeypatch):
    monkeypatch.setenv(PLACE, str(tmp_path))
    before = os.umask(0)
    try:
        compiler._trusted.cache_clear()
        folder = cache_folder()
    finally:
        os.umask(before)
    assert [stat.S_IMODE(one.stat().st_mode) for one in (folder.parent, folder)] == [0o700] * 2


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), EOFError()])
def test_a_cache_that_fails_costs_one_compilation(tmp_path, monkeypatch, fault):
    monkeypatch.setenv(PLACE, str(tmp_path))
    asked = []

    def jit(function, is_kept=True, **options):
        asked.append(is_kept)

        def call(*arguments):
            if is_kept:
                raise fault
            return function(*arguments)

        return call

    monkeypatch.setattr(kernel, "jit", jit)
    loop = kernel._Loop(lambda a, b: (a, b), needs_runtime=False)
    assert [loop(1, 2), loop(3, 4)] == [(1, 2), (3, 4)]
    assert asked == [True, False]


def test_a_numba_that_is_built_otherwise_compiles_rules_its_own_way(monkeypatch):
    """Then there are no options, and a rule is an ordinary function for compiled code."""

    def missing(is_plain):
        raise ImportError("no such pass")

    monkeypatch.setattr(drafts, "_pipeline", missing)
    for is_plain in (True, False):
        assert drafts.draft_options.__wrapped__(is_plain) == {}
