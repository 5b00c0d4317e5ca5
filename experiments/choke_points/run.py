"""Two choke points: is parity stabilising?

python experiments/choke_points/run.py OUT [--small]
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import yaml

sys.path.insert(0, str(Path(__file__).parents[1]))
import common

from negotiation_abm import build_game, load_scenario
from negotiation_abm.files.yaml_text import read_yaml
from negotiation_abm.plotting import style
from negotiation_abm.plotting.phase import plot_phase
from negotiation_abm.sweep import load_sweep, run_sweep

RARE, CHIPS = "levers.CHINA.rare_earths.irreplaceability", "levers.US.chips.weight"
STARTS = ("busan", "january")
SMALL = {"draws": 3, "replicates": 10}
# start, outcome, measure and group (empty: of a run); title, scale, digits
PANELS = {
    "S(365 d)": ("busan", "survival_365", "covered", "running", 1.0, 3),
    "truce length in a year, weeks": ("busan", "rmst_weeks", "covered", "running", 1.0, 1),
    "share of weeks in truce": ("busan", "weeks_in_truce", "", "", 1 / 104, 3),
    "weeks to the first truce": ("january", "first_truce_weeks", "", "", 1.0, 1),
    "share of weeks in truce, from January": ("january", "weeks_in_truce", "", "", 1 / 104, 3),
}
# what the colour says, and the least width of its scale, so that noise is not drawn as a pattern
SHOWN = {
    "S(365 d)": ("probability", 0.2),
    "weeks to the first truce": ("weeks", 4.0),
    "share of weeks in truce, from January": ("share", 0.1),
}


def played(study):
    """The folder of each sweep; at small size with fewer draws and runs."""
    folders = {}
    for start in STARTS:
        path = study.folder / f"{start}.yaml"
        folders[start] = study.out / start
        if study.is_small:
            spec = read_yaml(path)
            spec["design"][0]["cross"][0]["posterior"]["draws"] = SMALL["draws"]
            spec["replicates"] = SMALL["replicates"]
            path = study.out / f"{start}_small.yaml"
            path.write_text(yaml.safe_dump(spec))
        run_sweep(path, folders[start])
    return folders


def cells(folder, outcome, measure, group, scale):
    """Means by draw, rare earths and chips, shape (draws, 5, 5), and the strengths."""
    chosen = {"measure": measure, "group": group} if measure else {}
    table = load_sweep(folder, outcome=outcome, **chosen).sort_values("point")
    rare, chips = (np.unique(table[name]) for name in (RARE, CHIPS))
    values = table["mean"].to_numpy().reshape(-1, len(rare), len(chips)) * scale
    assert (table[CHIPS].to_numpy().reshape(values.shape) == chips).all()
    return values, rare, chips


def contrasts(values):
    """Parity, stronger rare earths, stronger chips: differences of cells, one a draw."""
    equal = np.eye(values.shape[1], dtype=bool)
    return {
        "equal against unequal": values[:, equal].mean(axis=1) - values[:, ~equal].mean(axis=1),
        "rare earths, strongest against weakest": (values[:, -1] - values[:, 0]).mean(axis=1),
        "chips, strongest against weakest": (values[:, :, -1] - values[:, :, 0]).mean(axis=1),
    }


def row(panel, contrast, gaps):
    low, mid, high = np.quantile(gaps, common.INTERVAL)
    return {
        "outcome": panel,
        "contrast": contrast,
        "difference": mid,
        "low": low,
        "high": high,
        "mean_difference": gaps.mean(),
        "mean_error": gaps.std(ddof=1) / np.sqrt(len(gaps)),
    }


def lines(table):
    contrast = list(dict.fromkeys(table["contrast"]))
    rows = []
    for panel, (*_, digits) in PANELS.items():
        cells = [panel]
        for name in contrast:
            gap = common.span(found(table, panel, name), digits)
            cells.append(f"{gap}; {mean(table, panel, name)}")
        rows.append(cells)
    return common.markdown(["", *contrast], rows)


def found(table, panel, contrast):
    return table[(table["outcome"] == panel) & (table["contrast"] == contrast)].iloc[0]


def mean(table, panel, contrast):
    one, digits = found(table, panel, contrast), PANELS[panel][-1]
    error = common.number(2 * one["mean_error"], digits)
    return f"{common.number(one['mean_difference'], digits, sign=True)} ± {error}"


def words(table):
    def said(panel, more, less):
        one = found(table, panel, "equal against unequal")
        text = common.span(one, PANELS[panel][-1])
        average = mean(table, panel, "equal against unequal")
        word = common.verdict(one, more, less)
        return f"{panel} {word}, {text}, on average {average}"

    return (
        f"Equal against unequal choke points: {said('S(365 d)', 'higher', 'lower')}; "
        f"{said('share of weeks in truce', 'higher', 'lower')}; "
        f"{said('weeks to the first truce', 'more', 'fewer')}. "
        f"{verdict(table)} {strength(table, 'rare earths')} {strength(table, 'chips')}"
    )


def strength(table, lever):
    """What a stronger lever does, from January."""
    weeks, share = (
        common.span(found(table, panel, f"{lever}, strongest against weakest"), PANELS[panel][-1])
        for panel in ("weeks to the first truce", "share of weeks in truce, from January")
    )
    return (
        f"{lever.capitalize()} at full strength instead of a tenth: first truce from January "
        f"{weeks} weeks, share of weeks in truce {share}."
    )


def verdict(table):
    """Is parity stabilising? Over all that could say so."""
    better = {"weeks to the first truce": -1.0}
    signs = []
    for panel in PANELS:
        one = found(table, panel, "equal against unequal")
        clear = one["low"] > 0.0 or one["high"] < 0.0
        signs.append(np.sign(one["difference"]) * better.get(panel, 1.0) if clear else 0.0)
    if not any(signs):
        return "Nothing here says that parity as such stabilises or destabilises."
    if min(signs) >= 0.0:
        return "Where the intervals say anything, parity stabilises."
    if max(signs) <= 0.0:
        return "Where the intervals say anything, parity destabilises."
    return "Parity helps by some of these outcomes and hurts by others."


def drawn(values):
    figure, axes = plt.subplots(1, len(SHOWN), figsize=(17.5, 5.0))
    figure.subplots_adjust(left=0.045, right=0.975, top=0.92, bottom=0.16, wspace=0.14)
    for ax, (panel, (unit, width)) in zip(axes, SHOWN.items(), strict=True):
        grid, rare, chips = values[panel]
        table = pd.DataFrame(
            {
                "rare earths: irreplaceability": np.repeat(rare, len(chips)),
                "chips: weight": np.tile(chips, len(rare)),
                panel: grid.mean(axis=0).ravel(),
            }
        )
        means = grid.mean(axis=0)
        half = max(width, np.ptp(means)) / 2.0
        middle = (means.max() + means.min()) / 2.0
        digits = min(2, PANELS[panel][-1])
        plot_phase(table, ax, unit, (middle - half, middle + half), digits=digits)
        for colour, edge in (("white", 3.0), ("black", 1.2)):
            ax.plot(rare, chips, "o", ms=29, mfc="none", mec=colour, mew=edge)
        ax.set_title(panel)
    for ax in axes[1:]:
        ax.set_ylabel("")
    return figure


def main(argv=None):
    study = common.begin(__file__, argv, "busan.yaml")
    draws = study.spec["design"][0]["cross"][0]["posterior"]["draws"]
    study.spec.update(SMALL if study.is_small else {"draws": draws})
    folders = played(study)
    values = {
        panel: cells(folders[start], outcome, measure, group, scale)
        for panel, (start, outcome, measure, group, scale, _) in PANELS.items()
    }
    table = pd.DataFrame(
        row(panel, name, gaps)
        for panel, (grid, _, _) in values.items()
        for name, gaps in contrasts(grid).items()
    )
    game = build_game(load_scenario(study.spec["scenario"]))
    with style.context():
        numbers = {"result": words(table), "table": lines(table)}
        scenarios = "busan_2025 and (from January) baseline_2025"
        common.finish(study, game, table, drawn(values), numbers, scenarios)


if __name__ == "__main__":
    main()
