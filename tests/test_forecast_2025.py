"""The page of December 2025 stands as it was written, under a note that says what it is."""

import hashlib

import pytest

from cli_helpers import ROOT

PAGE = ROOT / "docs" / "forecast_2025-12.md"
DIGEST = "de90ae05d80e1bf9ed155aa465a85515dbfe2540290750a8e0cfe36a90a6050b"


@pytest.mark.verify
def test_the_page_is_not_edited_below_its_note():
    note, _, page = PAGE.read_text(encoding="utf-8").partition("\n\n")
    assert all(line.startswith("> ") for line in note.splitlines())
    assert hashlib.sha256(page.encode()).hexdigest() == DIGEST
