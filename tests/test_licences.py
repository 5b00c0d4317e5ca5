"""No licence that binds those who use the package comes with what it needs to run."""

import importlib.util

import pytest

from cli_helpers import ROOT

SPEC = importlib.util.spec_from_file_location(
    "licences", ROOT / "experiments/robustness/licences.py"
)
licences = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(licences)


def test_what_runs_is_free_of_them(capsys):
    assert licences.main() == 0
    assert "numpy" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "is_refused"),
    [
        ("GPL-3.0-only", True),
        ("AGPL-3.0-or-later", True),
        ("GNU General Public License v3 (GPLv3)", True),
        ("GNU Affero General Public License v3", True),
        ("BSD License; GPLv2", True),
        ("GNU Lesser General Public License v3 (LGPLv3)", False),
        ("LGPL-2.1-only", False),
        ("MIT OR GPL-2.0-only", False),
        ("Mozilla Public License 2.0 (MPL 2.0)", False),
        ("MIT", False),
    ],
)
def test_which_are_refused(text, is_refused):
    assert licences.is_refused(text) == is_refused


def test_one_that_is_refused_fails(capsys, monkeypatch):
    monkeypatch.setattr(licences, "licence", lambda name: "GPLv3" if name == "scipy" else "MIT")
    assert licences.main() == 1
    assert "GPL or AGPL: scipy" in capsys.readouterr().out
