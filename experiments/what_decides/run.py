"""Which parameters and levers decide how long the truce lasts?

python experiments/what_decides/run.py OUT [--small]
"""

import sys
import textwrap
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
import common
import pandas as pd

from negotiation_abm import build_game, load_scenario
from negotiation_abm.plotting import style
from negotiation_abm.plotting.sobol import draw_sensitivity
from negotiation_abm.studies.sensitivity.design import design
from negotiation_abm.studies.sensitivity.run import run_study
from negotiation_abm.studies.sensitivity.spec import load_spec

SMALL = {"samples": 4, "replicates": 10}
OUTCOMES = {
    "rmst_52": "mean length in the first year, covered",
    "any_domain.rmst_52": "the same, any domain",
    "share_in_truce": "share of weeks in a truce",
}


def short(name):
    return f"`{name.removeprefix('levers.')}`"


def floor_of(rows):
    return float(rows.loc[rows["is_dummy"], "total_high"].max())


def above(rows):
    """Factors whose interval lies above the noise floor, largest first."""
    clear = rows[~rows["is_dummy"] & (rows["total_low"] > floor_of(rows))]
    return clear.sort_values("total", ascending=False)


def words(table):
    parts = []
    for outcome, title in OUTCOMES.items():
        rows = table[table["outcome"] == outcome]
        named = [
            f"{short(row['factor'])} "
            f"{common.span(row, 2, 'total', 'total_low', 'total_high', sign=False)}"
            for _, row in above(rows).iloc[:4].iterrows()
        ]
        parts.append(
            f"{title[0].upper()}{title[1:]}: {', '.join(named) or 'nothing'} "
            f"(noise floor {floor_of(rows):.2f})"
        )
    return (
        "Total indices (share of the variance) whose interval lies above the noise floor, the "
        f"largest four. {'. '.join(parts)}."
    )


def lines(table):
    order = table[table["outcome"] == "rmst_52"].sort_values(
        ["is_dummy", "total"], ascending=[True, False]
    )
    rows = []
    for factor in order["factor"]:
        cells = [short(factor)]
        for outcome in OUTCOMES:
            row = table[(table["outcome"] == outcome) & (table["factor"] == factor)].iloc[0]
            cells.append(common.span(row, 2, "total", "total_low", "total_high", sign=False))
        rows.append(cells)
    return common.markdown(["total index of", *OUTCOMES.values()], rows)


def main(argv=None):
    study = common.begin(__file__, argv)
    spec = load_spec(study.folder / "spec.yaml")
    if study.is_small:
        spec = replace(spec, **SMALL)
        study.spec.update(SMALL)
    study.spec.pop("draws")
    table = run_study(spec, study.out / "study")
    game = build_game(load_scenario(spec.scenario))
    spans = [f"{short(f.name)} {f.values[0]:.3g} to {f.values[-1]:.3g}" for f in spec.factors]
    with style.context():
        figure = draw_sensitivity(pd.read_csv(study.out / "study" / "sensitivity.csv"))
        for ax, title in zip(figure.axes, OUTCOMES.values(), strict=True):
            ax.set_title(title, fontsize=11)
        numbers = {
            "result": words(table),
            "table": lines(table),
            "ranges": textwrap.fill(f"Ranges: {', '.join(spans)}.", 99, break_on_hyphens=False),
            "points": f"{len(design(spec)):,}",
        }
        common.finish(study, game, table, figure, numbers)


if __name__ == "__main__":
    main()
