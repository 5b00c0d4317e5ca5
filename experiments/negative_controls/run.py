"""Negative controls: do mediation and side issues come out null?

python experiments/negative_controls/run.py OUT [--small]
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt

sys.path.insert(0, str(Path(__file__).parents[1]))
import common

from negotiation_abm import build_game, load_scenario
from negotiation_abm.calibration.controls import control_table
from negotiation_abm.plotting import style
from negotiation_abm.plotting.forest import plot_differences

TITLES = {
    "S(365 d), Busan truce": ("S(365 d), Busan truce", "{:+z.3f}", "probability", 3),
    "weeks to the first truce": ("First truce, from January 2025", "{:+z.2f}", "weeks", 2),
}


def words(table):
    failed = table[table["verdict"] == "fail"]
    if failed.empty:
        widest = [
            f"{common.number(rows[['low', 'high']].abs().to_numpy().max(), TITLES[name][3])} {unit}"
            for (name, rows), unit in zip(
                table.groupby("outcome"), ("of S(365 d)", "weeks to the first truce"), strict=True
            )
        ]
        same = (table["low"] == 0.0) & (table["high"] == 0.0)
        return (
            f"All {len(table)} are null within their intervals; no interval reaches further from "
            f"0 than {' or '.join(widest)}. In {same.sum()} of them no run differs at all."
        )
    named = [
        f"{one['control']} ({one['outcome']}: {common.span(one, TITLES[one['outcome']][3])})"
        for one in failed.to_dict("records")
    ]
    return f"{len(failed)} of {len(table)} are not null: {'; '.join(named)}. The others are."


def lines(table):
    rows = []
    for one in table.to_dict("records"):
        gap = common.span(one, TITLES[one["outcome"]][3])
        rows.append([one["control"], one["outcome"], gap, one["verdict"]])
    return common.markdown(["control", "outcome", "difference (95 % together)", ""], rows)


def drawn(table):
    figure, axes = plt.subplots(1, 2, figsize=(12.5, 4.4))
    figure.subplots_adjust(left=0.22, right=0.98, top=0.9, bottom=0.2, wspace=0.08)
    for place, (ax, (outcome, (title, text, unit, _))) in enumerate(
        zip(axes, TITLES.items(), strict=True)
    ):
        rows = table[table["outcome"] == outcome].rename(columns={"control": "case"})
        plot_differences(rows, ax, text, labels=place == 0)
        ax.set_title(title)
        ax.set_xlabel(f"{unit}, with the control less without")
    return figure


def main(argv=None):
    study = common.begin(__file__, argv)
    game = build_game(load_scenario(study.spec["scenario"]))
    changes = {"parameters": game.scenario.parameters}
    table = control_table(changes, study.spec["replicates"], study.spec["seed"])
    with style.context():
        numbers = {"result": words(table), "table": lines(table)}
        common.finish(study, game, table, drawn(table), numbers)


if __name__ == "__main__":
    main()
