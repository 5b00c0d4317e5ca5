"""The forecast of December 2025 stands as it was made."""

import hashlib
import subprocess
import sys

import pytest

from cli_helpers import ROOT

PAGE = ROOT / "docs" / "forecast_2025-12.md"
DIGEST = "de90ae05d80e1bf9ed155aa465a85515dbfe2540290750a8e0cfe36a90a6050b"


@pytest.mark.verify
def test_the_forecast_is_not_edited():
    assert hashlib.sha256(PAGE.read_bytes()).hexdigest() == DIGEST


def test_an_existing_forecast_is_not_overwritten(tmp_path):
    out = tmp_path / "forecast.md"
    out.write_text("as it was")
    script = ROOT / "experiments" / "forecast_2025_12" / "write_up.py"
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path), str(out)], capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "not edited" in done.stderr
    assert out.read_text() == "as it was"
