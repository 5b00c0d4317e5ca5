"""How long does a Busan-type truce last, and what ends it?

python experiments/busan_truce/run.py OUT [--small]
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))
import common

from negotiation_abm import build_game, load_scenario
from negotiation_abm.calibration.forecast_step import make_forecast
from negotiation_abm.plotting import style
from negotiation_abm.plotting.calibration import plot_forecast
from negotiation_abm.plotting.causes import plot_ends

MEASURES = {"covered": "covered", "any_domain": "any domain"}


def median(curve, measure, column):
    """First week in which no more than half stand; in words if that is not reached."""
    rows = curve[(curve["measure"] == measure) & (curve[column] <= 0.5)]
    return str(int(rows["week"].iloc[0])) if len(rows) else f"over {int(curve['week'].max())}"


def survival_lines(table, given):
    lines = []
    own = (table["given"] == given) & ~table["until"].str.startswith("its date")  # 365 d too
    for row in table[own].to_dict("records"):
        share, error = (common.number(row[k], d) for k, d in
                        (("parameter_share", 2), ("simulation_error", 3)))  # fmt: skip
        lines.append(
            f"| {row['until']} | {MEASURES[row['measure']]} | "
            f"{common.span(row, 2, 'probability', sign=False)} | {share} | {error} |"
        )
    return "\n".join(lines)


def ends_lines(ends):
    return "\n".join(
        f"| {row['end'].replace('_', '-')} | {MEASURES[row['measure']]} | "
        f"{common.span(row, 2, 'share', sign=False)} |"
        for row in ends.to_dict("records")
    )


def words(found):
    year = found.survival.query("measure == 'covered' and given == 'start' and until == '365 d'")
    year = year.iloc[0]
    weeks, low, high = (median(found.curve, "covered", k) for k in ("survival", "low", "high"))
    ends = found.ends.query("measure == 'covered' and end != 'still in force at the horizon'")
    ends = ends.sort_values("share", ascending=False).to_dict("records")
    first, second = (
        f"{end['end'].replace('_', '-')}, {common.span(end, 2, 'share', sign=False)} of truces"
        for end in ends[:2]
    )
    return (
        f"Half of the truces are over by week {weeks} (covered; 90 % over draws, week by week: "
        f"{low} to {high}); by any domain by week {median(found.curve, 'any_domain', 'survival')}. "
        f"S(365 d) is {common.span(year, 2, 'probability', sign=False)}; parameters make "
        f"{100 * year['parameter_share']:.0f} % of the variance, chance the rest. Most often it "
        f"ends by {first}, then by {second}."
    )


def drawn(found, start):
    figure, axes = plt.subplots(1, 2, figsize=(13.2, 5.2), width_ratios=(1.25, 1))
    figure.subplots_adjust(left=0.06, right=0.985, top=0.93, bottom=0.19, wspace=0.42)
    plot_forecast(found.curve, axes[0], start)
    axes[0].tick_params(axis="x", rotation=30)
    axes[0].set_title("Does it still stand? Mean and 90 % over draws")
    plot_ends(found.ends[found.ends["measure"] == "covered"], axes[1])
    axes[1].set_title("How it ends in two years, covered")
    return figure


def main(argv=None):
    study = common.begin(__file__, argv)
    spec = study.spec
    game = build_game(load_scenario(spec["scenario"]))
    found, summary = make_forecast(
        game, spec["draws"], spec["replicates"], spec["seed"], spec["known"]
    )
    table = pd.concat([found.survival, found.ends], ignore_index=True)
    with style.context():
        figure = drawn(found, summary["start"])
        numbers = {
            "result": words(found),
            "survival": survival_lines(found.survival, "start"),
            "survival_known": survival_lines(found.survival, "known"),
            "ends": ends_lines(found.ends),
            "renewal": common.span(summary["renewal"], 2, "probability", sign=False),
            "known": spec["known"],
            "min_severity": summary["min_severity"],
        }
        common.finish(study, game, table, figure, numbers)


if __name__ == "__main__":
    main()
