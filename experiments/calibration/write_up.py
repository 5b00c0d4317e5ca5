"""Write docs/calibration.md: its template with the numbers of a results folder.

    python experiments/calibration/write_up.py results/calibration docs/calibration.md

Every number on the page comes from the folder, or (ranks of simulated fits, terms that were left
out) from the tables stored beside this file.
"""

import datetime as dt
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import binom

from negotiation_abm import build_game, load_record, load_scenario
from negotiation_abm.calibration.features import collect
from negotiation_abm.calibration.probability import chances
from negotiation_abm.calibration.scores import scores_of
from negotiation_abm.run.posterior import thinned
from negotiation_abm.scenario.posterior_draws import load_draws

HERE = Path(__file__).parent
TEMPLATE = HERE / "calibration.md.in"
RANKS, AGAIN, TERMS = (HERE / f"{name}.csv" for name in ("sbc", "sbc_again", "terms"))
SET, ALONE = "calibrated_2025", "calibrated_2025_alone"
LATER, KNOWN = "us_china_2026", dt.date(2025, 12, 31)  # what the two sets have not seen
MODEL = "quantal response (this model)"
CHANCES = ("type", "type_and_lever")
SHAPES = ("recorded", "simulated", "simulated once")
JUDGED = ("pass", "fail", "cannot fail")
CHANCE = "which speaks for chance, as an error of the sampler would show both times"
WEAK = 0.5  # a wrong model that passes in half of its runs is caught no more often than a coin says
OUTCOMES = ("US concessions", "CHINA concessions", "truces begun", "S(26 weeks), covered")


class Numbers(dict):
    """A mapping whose entries can be named with dots in a template."""

    def __getitem__(self, name):
        value = super().__getitem__(name)
        return Numbers(value) if isinstance(value, dict) else value

    __getattr__ = __getitem__


def table(header, rows):
    """A Markdown table."""
    lines = [
        f"| {' | '.join(header)} |",
        f"|{'|'.join('---' for _ in header)}|",
        *(f"| {' | '.join(str(cell) for cell in row)} |" for row in rows),
    ]
    return "\n".join(lines)


def number(value, form=".2f"):
    return format(value, form) if value is not None and value == value else ""


def listed(names):
    return ", ".join(f"`{name}`" for name in names) or "none"


def unknowns(rows):
    return table(
        ["", "mean (sd)", "90 %", "prior sd", "R-hat", "effective size"],
        [
            [
                f"`{row['unknown'].removeprefix('mean of ')}`",
                f"{row['mean']:.2f} ({row['sd']:.2f})",
                f"{row['low']:.2f} to {row['high']:.2f}",
                f"{row['prior_sd']:g}",
                f"{row['r_hat']:.3f}",
                f"{row['effective_size']:.0f}",
            ]
            for row in rows
        ],
    )


def coefficients(frame):
    rows = frame[frame["rests_on"] != "fixed"].to_dict("records")
    return table(
        ["coefficient", "mean (sd)", "90 %", "posterior over prior", "rests on"],
        [
            [
                f"`{row['coefficient']}`",
                f"{row['estimate']:.2f} ({row['error']:.2f})",
                f"{row['low']:.2f} to {row['high']:.2f}",
                f"{row['ratio']:.2f}",
                row["rests_on"],
            ]
            for row in rows
        ],
    )


def gain(row, kind):
    return f"{row[f'gain_{kind}']:+.1f} ({row[f'gain_{kind}_error']:.1f})"


def each(row, kind):
    """How much more probable a choice is on average, in percent."""
    return f"{100.0 * np.expm1(row[f'gain_{kind}'] / row['decisions']):.1f} %"


def dispute(episode):
    """A dispute in words: US-China 2018 for us_china_2018."""
    *sides, year = episode.split("_")
    named = (side.upper() if len(side) == 2 else side.capitalize() for side in sides)
    return f"{'-'.join(named)} {year}" if year.isdigit() else episode


def left_out(frame, best):
    rows = []
    for episode in frame["episode"].unique():
        part = frame[frame["episode"] == episode].set_index("model")
        own, other = part.loc[MODEL], part.loc[best]
        rows.append(
            [
                dispute(episode),
                own["decisions"],
                f"{own['type']:.1f} / {own['type_and_lever']:.1f}",
                f"{other['type']:.1f} / {other['type_and_lever']:.1f}",
                gain(other, "type"),
                gain(other, "lever"),
            ]
        )
    header = ["episode", "choices", "model", best, "gain, types", "gain with lever"]
    return table(header, rows)


def statistics(frame):
    rows = frame[(frame["episode"] == "all") & (frame["model"] != MODEL)].to_dict("records")
    return table(
        ["statistic", "gain, types", "gain with lever"],
        [[row["model"], gain(row, "type"), gain(row, "lever")] for row in rows],
    )


def by_move(frame, best):
    rows = frame.to_dict("records")
    return table(
        ["recorded move", "choices", "model", best, "gain"],
        [
            [
                row["move"],
                row["decisions"],
                f"{row[MODEL]:.1f}",
                f"{row[best]:.1f}",
                f"{row[MODEL] - row[best]:+.1f}",
            ]
            for row in rows
        ],
    )


def losing(frame, best):
    """A sentence on the episodes that are lost to the best statistic."""
    rows = frame[(frame["model"] == best) & (frame["episode"] != "all")]
    lost = rows[(rows["gain_type"] < 0) | (rows["gain_lever"] < 0)].to_dict("records")
    if not lost:
        return "No single episode is lost to it."
    words = [
        f"{dispute(row['episode'])} ({gain(row, 'type')}, with lever {gain(row, 'lever')})"
        for row in lost
    ]
    return f"The statistic is ahead on {' and '.join(words)}."


def terms(frame):
    """What the score is with a term more or less."""
    return table(
        ["terms", "types", "with the lever", "gain, types", "gain with lever"],
        [
            [
                f"{row['terms']}",
                *(f"{row[kind]:.1f}" for kind in CHANCES),
                *(f"{row[f'gain_{kind}']:+.1f}" for kind in CHANCES),
            ]
            for row in frame.to_dict("records")
        ],
    )


def terms_words(frame):
    """Are left-out disputes predicted better without the terms that are held at 0?"""
    row = frame[frame["terms"].str.contains(",")].iloc[0]
    verdicts = [
        f"{'better' if row[f'gain_{kind}'] < 0 else 'worse'} without them by "
        f"{abs(row[f'gain_{kind}']):.1f} nats {words}"
        for kind, words in zip(
            reversed(CHANCES), ("with the lever", "on types of moves"), strict=True
        )
    ]
    return ", and ".join(verdicts)


def endings(frame):
    return table(
        ["episode", "day", "side", "its type", "with the lever", "type, in sample", "with lever"],
        [
            [dispute(row["episode"]), row["date"], row["side"]]
            + [f"{row[name + end]:.3f}" for end in ("", "_in_sample") for name in CHANCES]
            for row in frame.to_dict("records")
        ],
    )


def endings_words(frame):
    """How likely the breaches of 2018-19 were, and whether the fit would have seen them come."""
    rows = frame[frame["episode"] == "us_china_2018"]
    cells = [
        f"{row['date']} ({row['side']}) {row['type']:.2f}, in sample {row['type_in_sample']:.2f}"
        for row in rows.to_dict("records")
    ]
    better = int((rows["type_in_sample"] > rows["type"]).sum())
    return (
        "The covered truces of US-China in 2018-19 were ended by moves whose type had, from the "
        f"other episodes alone, this probability: {'; '.join(cells)}. The fit to all raises "
        f"{better} of {len(rows)}."
    )


def shapes_words(rows):
    """Are recorded lengths told from a constant hazard, and from the simulated ones?"""
    own, _, once = (next(r for r in rows if r["spells"] == name) for name in SHAPES)
    constant = "not told" if own["low"] <= 1.0 <= own["high"] else "told"
    inside = "inside" if once["low"] <= own["shape"] <= once["high"] else "outside"
    return (
        f"So few truces are {constant} from ones of a constant hazard (shape 1), and the recorded "
        f"shape lies {inside} what the game gives for as many truces."
    )


def spells(frame):
    rows = [
        [
            dispute(row["episode"]),
            row["start"],
            f"{row['weeks']}{'' if row['ended'] else '+'}",
            *(f"{row[name]:.2f}" for name in ("game", "constant hazard", "Weibull")),
        ]
        for row in frame.to_dict("records")
    ]
    sums = [f"**{frame[name].sum():.1f}**" for name in ("game", "constant hazard", "Weibull")]
    header = ["episode", "from", "weeks (+: still in force)", "game", "constant hazard", "Weibull"]
    return table(header, [*rows, ["**all**", "", "", *sums]])


def spells_verdict(game, constant):
    if abs(game - constant) < 2.0:
        return ": no difference that means anything"
    return ": the game is better" if game > constant else ": the constant hazard is better"


def patterns(rows):
    header = ["", "statistic", "records", "single runs, 90 %", "verdict", "alone, in episodes"]
    return table(
        [*header, "passes without ...", "passes without memory"],
        [
            [
                row["pattern"],
                row["statistic"],
                number(row["record"]),
                f"{number(row['low'])} to {number(row['high'])}",
                row["verdict"],
                f"{row['inside']} of {row['of']}",
                f"{number(row['passes_without'])} ({row['without']})",
                number(row["passes_memoryless"]),
            ]
            for row in rows
        ],
    )


def patterns_words(rows, verdicts):
    """How many patterns pass, which statistics fail, which say nothing, which say little."""
    counts = {verdict: sum(v == verdict for v in verdicts.values()) for verdict in JUDGED}
    by = {verdict: [row for row in rows if row["verdict"] == verdict] for verdict in JUDGED}
    weak = [row for row in by["pass"] if min(passes(row)) >= WEAK]
    parts = [
        f"{counts['pass']} of {len(verdicts)} patterns pass, {counts['fail']} fail.",
        *[f"Outside: {', '.join(map(off, by['fail']))}." for _ in by["fail"][:1]],
        *[
            "Dropped, because both wrong models pass as well, in the share of runs given: "
            f"{', '.join(map(telling, by['cannot fail']))}."
            for _ in by["cannot fail"][:1]
        ],
        *[f"Passing says little of: {', '.join(map(telling, weak))}." for _ in weak[:1]],
    ]
    return " ".join(parts)


def passes(row):
    return row["passes_without"], row["passes_memoryless"]


def off(row):
    return (
        f"{row['statistic']} ({row['pattern']}: {row['record']:.2f}, free runs "
        f"{row['low']:.2f} to {row['high']:.2f})"
    )


def telling(row):
    return f"{row['statistic']} ({row['pattern']}: {' and '.join(f'{p:.2f}' for p in passes(row))})"


def controls(rows):
    return table(
        ["control", "outcome", "difference (95 % for all together)", "verdict"],
        [
            [
                row["control"],
                row["outcome"],
                f"{row['difference']:+.4f} ({row['low']:+.4f} to {row['high']:+.4f})",
                row["verdict"],
            ]
            for row in rows
        ],
    )


def levers(frame):
    rows = []
    for (lever, change), part in frame.groupby(["lever", "change"], sort=False):
        by = part.set_index("outcome")
        cells = []
        for outcome in OUTCOMES:
            low, mid, high, clear = by.loc[outcome, ["low", "difference", "high", "clear"]]
            bold = "**" if clear else ""
            cells.append(f"{bold}{mid:+.2f}{bold} ({low:+.2f} to {high:+.2f})")
        rows.append([lever, change, *cells])
    return table(["lever", "change", *OUTCOMES], rows)


def episodes(made):
    rows = [
        [dispute(name), made["decisions"][name], made["moves"][name]] for name in made["episodes"]
    ]
    return table(["episode", "choices", "of them moves"], rows)


def shape(rows, name):
    row = next(row for row in rows if row["spells"] == name)
    return f"{row['shape']:.2f} ({row['low']:.2f} to {row['high']:.2f})"


def simulated_ranks(frame):
    """How many unknowns have uniform ranks over simulated pools, and what intervals cover."""
    outside = frame[~frame["inside"]]["unknown"].tolist()
    most = int(binom.ppf(0.95, len(frame), 0.05))
    share = "no more" if len(outside) <= most else "more"
    return {
        "verdict": f"That is {share} than chance explains ({most} at most in 19 of 20 cases, were "
        "unknowns independent)",
        "low_mean": frame["mean"].min(),
        "high_mean": frame["mean"].max(),
        "fits": frame["fits"].iloc[0],
        "unknowns": len(frame),
        "inside": int(frame["inside"].sum()),
        "expected": 0.95 * len(frame),
        "outside": f"outside: {listed(outside)}" if outside else "none lies outside",
        "coverage": frame["coverage"].mean(),
        "least": frame["coverage"].min(),
        "most": frame["coverage"].max(),
    }


def ranks_again(first, again):
    """Do unknowns lie outside their bands for other simulated pools too?"""
    outside = set(again[~again["inside"]]["unknown"])
    both = sorted(outside & set(first[~first["inside"]]["unknown"]))
    pair = np.corrcoef(first["mean"], again["mean"])[0, 1]
    return {
        "fits": again["fits"].iloc[0],
        "outside": len(outside),
        "both": f"of which did before: {listed(both)}" if both else "none of which did before",
        "coverage": again["coverage"].mean(),
        "pair": pair,
        "verdict": CHANCE if not both and abs(pair) < 0.3 else "that needs a look",
    }


def later(folder, name):
    """Log scores of a set on what came after its cut-off date: types, and with the lever."""
    scenario = load_scenario(LATER, {"parameters": name})
    named_in = (scenario.path, "record.file")
    record = load_record(scenario.record.file, scenario.path.parent, named_in)
    data = collect(build_game(scenario), record)
    labels = [coefficient.label for coefficient in data.coefficients]
    draws = thinned(load_draws(folder / f"{name}.yaml"), 200).reindex(columns=labels, fill_value=0)
    chance = np.mean([chances(data, theta) for theta in draws.to_numpy()], axis=0)
    scored = ~data.agency & np.array([scenario.date_of(turn) > KNOWN for turn in data.turn])
    types, levers = scores_of(data, chance)[scored].sum(axis=0)
    return {"decisions": int(scored.sum()), "type": types, "lever": levers}


def choice_of_set(pooled, alone):
    """Which of the two predicts better what came later, in words that follow the scores."""
    gaps = [pooled[kind] - alone[kind] for kind in ("type", "lever")]
    if all(abs(gap) < 2.0 for gap in gaps):
        return "no difference that means anything"
    if all(gap > 0 for gap in gaps):
        return "the fit to seven disputes is better"
    return "the fit to one year is better" if all(gap < 0 for gap in gaps) else "one each way"


def main(folder, out):
    folder = Path(folder)

    def read(name):
        return json.loads((folder / name).read_text())

    made = read("pool.json")["sets"][SET]
    found, validation, forecast = (
        read(f"{name}.json") for name in ("pool_validation", "validation", "forecast")
    )
    gains, once = (pd.read_csv(folder / f"{name}.csv") for name in ("left_out", "left_out_once"))
    moves = pd.read_csv(folder / "left_out_by_move.csv")
    lengths = pd.read_csv(folder / "spells.csv")
    best = found["left_out"]["best_statistic"]
    whole = gains[gains["episode"] == "all"].set_index("model")
    seeing = whole[whole.index.str.contains("sees")]
    counted = once[(once["episode"] == "all") & (once["model"] == best)].iloc[0]
    ahead = {row["move"]: row[MODEL] - row[best] for row in moves.to_dict("records")}
    game, constant = lengths["game"].sum(), lengths["constant hazard"].sum()
    ended = pd.read_csv(folder / "endings.csv")
    months, months_once = (
        pd.read_csv(folder / f"{name}.csv") for name in ("months_out", "months_out_once")
    )
    best_month = found["months_out"]["best_statistic"]
    month_counted = months_once.query("episode == 'all' and model == @best_month").iloc[0]
    pooled, alone = later(folder, SET), later(folder, ALONE)
    numbers = Numbers(
        fit=made | {"moves": sum(made["moves"].values()), "count": len(made["episodes"])},
        left={
            "best": best,
            "decisions": int(whole["decisions"].iloc[0]),
            "type": gain(whole.loc[best], "type"),
            "lever": gain(whole.loc[best], "lever"),
            "each_type": each(whole.loc[best], "type"),
            "each_lever": each(whole.loc[best], "lever"),
            "count": len(whole) - 1,
            "seeing_type": gain(seeing.loc[seeing["gain_type"].idxmin()], "type"),
            "seeing_lever": gain(seeing.loc[seeing["gain_lever"].idxmin()], "lever"),
            "once_type": gain(counted, "type"),
            "once_lever": gain(counted, "lever"),
            "loses": losing(gains, best),
            "worse_moves": ", ".join(name for name, value in ahead.items() if value < 0) or "none",
            "better_moves": ", ".join(name for name, value in ahead.items() if value >= 0),
        },
        spells={
            "number": len(lengths),
            "game": game,
            "constant": constant,
            "verdict": spells_verdict(game, constant),
        },
        shapes={name.split()[-1]: shape(found["shapes"], name) for name in SHAPES},
        patterns={"runs": found["draws_a_fit"]},
        words={
            "endings": endings_words(ended),
            "terms": terms_words(pd.read_csv(TERMS)),
            "shapes": shapes_words(found["shapes"]),
            "patterns": patterns_words(found["patterns"], found["verdicts"]),
        },
        later={"pooled": pooled, "alone": alone, "verdict": choice_of_set(pooled, alone)},
        forecast={
            f"{row['measure']}_{row['until'].split()[0]}": row
            for row in forecast["survival"]
            if row["given"] == "start"
        },
        sbc=simulated_ranks(pd.read_csv(RANKS)),
        again=ranks_again(pd.read_csv(RANKS), pd.read_csv(AGAIN)),
        months=found["months"]
        | {
            "best": best_month,
            "once_type": gain(month_counted, "type"),
            "once_lever": gain(month_counted, "lever"),
        },
        tables={
            "episodes": episodes(made),
            "spreads": unknowns(made["spreads"]),
            "shared": unknowns(made["shared"]),
            "coefficients": coefficients(pd.read_csv(folder / f"{SET}_identification.csv")),
            "left_out": left_out(gains, best),
            "statistics": statistics(gains),
            "months_out": left_out(months, best_month),
            "months_statistics": statistics(months),
            "by_move": by_move(moves, best),
            "endings": endings(ended),
            "terms": terms(pd.read_csv(TERMS)),
            "spells": spells(lengths),
            "patterns": patterns(found["patterns"]),
            "controls": controls(validation["controls"]),
            "levers": levers(pd.read_csv(folder / "lever_response.csv")),
        },
    )
    Path(out).write_text(TEMPLATE.read_text().format_map(numbers))


if __name__ == "__main__":
    main(*sys.argv[1:3])
