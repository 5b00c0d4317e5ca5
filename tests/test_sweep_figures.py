"""Figures of sweeps: drawn from what a sweep left, and what a phase diagram shows."""

import numpy as np
import pandas as pd
import pytest

from cli_helpers import command
from negotiation_abm.files.errors import InputError
from negotiation_abm.plotting import plot_folder, style
from negotiation_abm.plotting.phase import plot_phase
from sweep_helpers import BREACH, RARE, sweep


@pytest.mark.parametrize(
    "axes", [{BREACH: [0, 2, 4], RARE: [0.2, 0.9]}, {BREACH: [0, 2, 4]}], ids=["two", "one"]
)
def test_sweep_over_one_or_two_numbers_is_drawn(axes, tmp_path, capsys):
    sweep(tmp_path, design=[{"grid": axes}], replicates=20)
    done = command(capsys, "plot", tmp_path)
    assert done.status == 0
    paths = [tmp_path / "figures" / f"phase.{kind}" for kind in ("png", "svg")]
    assert done.out.split() == [str(path) for path in paths]
    before = [path.read_bytes() for path in paths]
    plot_folder(tmp_path)
    assert [path.read_bytes() for path in paths] == before
    assert "busan_2025" in paths[1].read_text()


def test_what_cannot_be_drawn_is_said(tmp_path):
    sweep(tmp_path, design=[{"list": [{BREACH: 1.0}]}], replicates=5)
    plot_folder(tmp_path)  # one point
    (tmp_path / "summary.parquet").unlink()
    with pytest.raises(InputError, match=r"summary\.parquet: missing; negotiation-abm sweep"):
        plot_folder(tmp_path, ["phase"])


def test_phase_diagram_puts_values_where_they_belong():
    table = pd.DataFrame({"a": [1, 2, 1, 2], "b": [5, 5, 7, 7], "v": [0.1, 0.2, np.nan, 0.4]})
    with style.context():
        figure, ax = style.subplots()
        assert plot_phase(table, ax, limits=(0, 1)) is ax
        values = ax.collections[0].get_array()
        np.testing.assert_array_equal(np.ma.getmaskarray(values), [[False, False], [True, False]])
        np.testing.assert_allclose(values.compressed(), [0.1, 0.2, 0.4])
        texts = {text.get_text(): text.get_position() for text in ax.texts}
        assert texts == {".10": (1, 5), ".20": (2, 5), ".40": (2, 7)}
        assert figure.axes[-1].get_ylabel() == "v (hatched: not reached)"
        assert (ax.get_xlabel(), ax.get_ylabel()) == ("a", "b")


def test_sweeps_are_checked_like_other_files(capsys):
    done = command(capsys, "check", "rare_earths_breach")
    assert done.out == "rare_earths_breach: sweep, 90 points, up to 180,000 runs\n"
