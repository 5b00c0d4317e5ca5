"""What must one believe to believe the answer? The truce of Busan, one judgement changed at a time.

python experiments/what_you_must_believe/run.py OUT [--small]
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))
import common
from threadpoolctl import threadpool_limits

from negotiation_abm import build_game, load_scenario
from negotiation_abm.calibration.draws import draws_of
from negotiation_abm.calibration.forecast import forecast
from negotiation_abm.calibration.lever_response import STANDS, Change, across_rules, lever_response
from negotiation_abm.calibration.pool import load_members
from negotiation_abm.calibration.pool_file import load_pool
from negotiation_abm.calibration.pool_fit import fit_pool
from negotiation_abm.calibration.run import draws_table
from negotiation_abm.files import words as plain
from negotiation_abm.plotting import style
from negotiation_abm.run.posterior import games_of, thinned

CHAINS = 2
YEAR_WEEKS = 52
CHANGES = (Change("impotent", 0.0), Change("twice as potent", 2.0))
ASKED = {  # outcome of a lever: start, words
    STANDS: ("busan", "whether the truce in force outlasts half a year"),
    "first truce, weeks": ("january", "how soon the first truce of a dispute comes"),
    "escalations": ("january", "how often the two sides escalate"),
}
DAYS = (90, 180, 365)
CAUSES = {
    "breach": "broken by a measure on the agreed list",
    "collapse": "worn down by other measures",
    "lapse": "ran out",
    "non_delivery": "ended over a broken promise",
    "fulfilled": "fulfilled",
}


# ---------------------------------------------------------------------------
# Fit and play under a reading


def reweighted(scenario, factors):
    """Changes that multiply the weights of levers with these names, on both sides."""
    return {
        f"levers.{player}.{lever}.weight": float(inputs.weight) * factors[lever]
        for player, levers in scenario.levers.items()
        for lever, inputs in levers.items()
        if lever in factors
    }


def without_agencies(record):
    return replace(record, rows=tuple(replace(row, agency=False) for row in record.rows))


def changes_of(name, reading):
    """Changes of one scenario under a reading."""
    factors = reading.get("weights", {})
    return reading.get("set", {}) | (reweighted(load_scenario(name), factors) if factors else {})


def fitted(spec, reading):
    """Draws of the coefficients of Busan's episode, the pool fitted anew under a reading."""
    pool = load_pool(spec["pool"])
    wanted = pool.sets[spec["set"]]
    other = reading.get("episodes", {})
    names = spec.get("episodes") or wanted.episodes or pool.episodes
    names = [other.get(name, name) for name in names]
    alter = without_agencies if reading.get("agency") is False else None
    members = []
    for name in names:
        changed = replace(pool, changes=pool.changes | changes_of(name, reading))
        members += load_members(changed, (name,), wanted.until, alter)
    number = names.index(other.get(wanted.member, wanted.member))
    draws = spec["draws"] // CHAINS
    fit = fit_pool(members, pool, draws, spec["seed"], (), CHAINS, spec["warm_up"])
    own = members[number]
    labels = [own.data.coefficients[k] for k in own.lasting]
    return draws_table(labels, fit.draws(number)[:, :, own.lasting]).drop(columns=["chain", "draw"])


def is_refitted(reading):
    return bool({"set", "weights", "agency", "episodes"} & set(reading))


def games(spec, start, reading, frame, count):
    """The game of a start under a reading, one a draw."""
    chosen = {"parameters": reading.get("parameters", spec["set"])}
    changes = chosen | changes_of(start, reading) | reading.get("play", {})
    game = build_game(load_scenario(start, changes))
    frame = draws_of(game.parameter_set) if frame is None else frame
    return games_of(game, thinned(frame, count))


def answer(spec, reading, frame):
    """The answer under one reading: survival with its range over draws, and what ends the truce."""
    drawn = games(spec, spec["scenario"], reading, frame, spec["draws"])
    found = forecast(drawn, spec["replicates"], spec["seed"])
    row = {}
    for measure, name in (("covered", "s"), ("any_domain", "any")):
        for days in DAYS:
            [one] = found.survival.query(
                "measure == @measure and given == 'start' and until == @label",
                local_dict={"measure": measure, "label": f"{days} d"},
            ).to_dict("records")
            key = f"{name}{days}"
            row |= {key: one["probability"], f"{key}_low": one["low"], f"{key}_high": one["high"]}
            row |= {f"{key}_parameters": one["parameter_share"]}
    ends = found.ends.query("measure == 'covered' and not end.str.startswith('still')")
    main = ends.loc[ends["share"].idxmax()]
    return row | {"cause": main["end"], "cause_share": main["share"] / ends["share"].sum()}


def answers(study):
    """One row a judgement and reading; and what levers do under each rule of ending."""
    spec, rows, responses, known = study.spec, [], {}, {}
    first = next(iter(spec["judgements"]))
    for judgement, readings in spec["judgements"].items():
        for name, reading in list(readings.items())[: spec["readings"]]:
            with threadpool_limits(1, "blas"):
                frame = fitted(spec, reading) if is_refitted(reading) else None
            key = str(reading)  # the shipped one stands under every judgement
            known[key] = known.get(key) or answer(spec, reading, frame)
            rows.append({"judgement": judgement, "reading": name} | known[key])
            if judgement == first:
                responses[name] = pd.concat(
                    lever_response(
                        games(spec, spec[start], reading, frame, spec["lever_draws"]),
                        YEAR_WEEKS, spec["lever_replicates"], spec["seed"], CHANGES,
                    ).query("outcome in @asked", local_dict={"asked": asked_from(start)})
                    for start in ("scenario", "january")
                )  # fmt: skip
    return pd.DataFrame(rows), across_rules(responses)


def asked_from(start):
    place = {"scenario": "busan", "january": "january"}[start]
    return [outcome for outcome, (begin, _) in ASKED.items() if begin == place]


def parts_of_variance(table):
    """Variance of "does it outlast a year" by parameters, rules and chance, rules weighed alike."""
    rules = table[table["judgement"] == table["judgement"].iloc[0]]
    p = rules["s365"].to_numpy()
    whole = p.mean() * (1.0 - p.mean())
    parameters = np.mean(rules["s365_parameters"].to_numpy() * p * (1.0 - p)) / whole
    between = p.var() / whole
    parts = {"parameters": parameters, "rules": between, "chance": 1.0 - parameters - between}
    return parts | {"count": len(p)}


# ---------------------------------------------------------------------------
# Words


def share(row, name, sign=False):
    return common.span(row, 2, name, f"{name}_low", f"{name}_high", sign=sign)


def spreads(table):
    """Least and most of S(365 d) among the readings of each judgement, the widest first."""
    found = []
    for judgement, part in table.groupby("judgement", sort=False):
        low, high = part.loc[part["s365"].idxmin()], part.loc[part["s365"].idxmax()]
        found.append((high["s365"] - low["s365"], judgement, low, high))
    return sorted(found, key=lambda one: -one[0])


def belief_words(table):
    """The answer as shipped, and what moves it most."""
    base = table.iloc[0]
    (_, judgement, low, high), *rest = spreads(table)
    causes = table["cause"].unique()
    named = CAUSES.get(base["cause"], base["cause"])
    main = f"most truces that end are {named} ({base['cause_share']:.0%} of ends)"
    other = [f"“{r['reading']}”" for _, r in table.iterrows() if r["cause"] != base["cause"]]
    same = (
        "; so they are under every reading"
        if len(causes) == 1
        else f"; not under {' and '.join(other)}"
    )
    return (
        f"As shipped, the Busan truce still stands after a year with probability "
        f"{share(base, 's365')}, after half a year {share(base, 's180')}; {main}{same}. "
        f"What you believe about “{judgement}” moves the year most: from "
        f"{common.number(low['s365'], 2)} ({low['reading']}) to {common.number(high['s365'], 2)} "
        f"({high['reading']}). The other judgements move it by "
        f"{common.number(rest[-1][0], 2)} to {common.number(rest[0][0], 2)}, "
        f"the most by “{rest[0][1]}”. "
        + (
            "Not knowing the parameters is wider than any of them."
            if base["s365_high"] - base["s365_low"] > high["s365"] - low["s365"]
            else "That is wider than what is not known of the parameters."
        )
    )


def variance_words(parts):
    return (
        f"Of the variance of whether the truce outlasts a year, {parts['parameters']:.0%} is not "
        f"knowing the parameters, {parts['rules']:.0%} not knowing which of {parts['count']} rules "
        f"of ending is right (weighed alike), and {parts['chance']:.0%} chance."
    )


def lever_words(levers):
    """What levers do to each question, by how it holds under the rules."""
    return " ".join(_of_outcome(levers, outcome) for outcome in ASKED)


def _of_outcome(levers, outcome):
    """Levers that change an outcome under every rule, and under some; one rule alone is no more."""
    rows = levers[levers["outcome"] == outcome]
    rules, always, some, rest = int(rows["rules"].max()), [], [], 0
    for lever, part in rows.groupby("lever", sort=False):
        best = part.loc[part["clear_in"].idxmax()]
        if (part["verdict"] == "under every rule").any():
            always.append(plain.lever(lever))
        elif best["clear_in"] > 1:
            both = best["least"] < 0.0 < best["most"] and best["clear_in"] == rules
            turn = ", in either direction" if both else ""
            some.append(f"{plain.lever(lever)} ({best['clear_in']} of {rules}{turn})")
        else:
            rest = max(rest, 1 + int(best["clear_in"]))
    parts = [f"under every rule by {_listed(always)}"] if always else []
    parts += [f"under some rules only by {_listed(some)}"] if some else []
    under = "under any" if rest == 1 else "under more than one"
    parts += [f"clearly by no {'other ' if parts else ''}lever {under}"] if rest else []
    text = f"{ASKED[outcome][1]} is changed {', '.join(parts)}"
    return f"{text[0].upper()}{text[1:]}."


def _listed(names):
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


# ---------------------------------------------------------------------------
# Tables and figure


def belief_lines(table):
    rows, last = [], ""
    for row in table.to_dict("records"):
        judgement = "" if row["judgement"] == last else f"**{row['judgement']}**"
        last = row["judgement"]
        cells = [share(row, name) for name in ("s90", "s180", "s365", "any365")]
        cause = f"{row['cause'].replace('_', '-')}, {row['cause_share']:.0%}"
        rows.append([judgement, row["reading"], *cells, cause])
    header = ["judgement", "reading", "S(90 d)", "S(180 d)", "S(365 d)", "any measure, S(365 d)"]
    return common.markdown([*header, "main end, share of ends"], rows)


def lever_lines(levers):
    rows = []
    for (lever, change), part in levers.groupby(["lever", "change"], sort=False):
        by = part.set_index("outcome")
        cells = []
        for outcome in ASKED:
            row, digits = by.loc[outcome], 2 if outcome == STANDS else 1
            ends = " to ".join(common.number(row[k], digits, True) for k in ("least", "most"))
            cells.append(f"{ends}; clear in {row['clear_in']} of {row['rules']}")
        rows.append([plain.lever(lever), change, *cells])
    return common.markdown(["lever", "made", *(said for _, said in ASKED.values())], rows)


def drawn(table, levers):
    figure, (left, right) = style.subplots(
        1, 2, figsize=(15, 2.4 + 0.3 * (len(table) + table["judgement"].nunique())),
        width_ratios=(1.2, 1),
    )  # fmt: skip
    figure.subplots_adjust(left=0.24, right=0.98, top=0.94, bottom=0.13, wspace=0.5)
    labels, place, last = [], 0, ""
    for row in table.to_dict("records"):
        if row["judgement"] != last:
            last = row["judgement"]
            labels.append((place, last))
            place += 1
        labels.append((place, row["reading"]))
        left.hlines(place, row["s365_low"], row["s365_high"], color=style.BLUE, lw=2, alpha=0.5)
        left.plot(row["s365"], place, "o", color=style.BLUE, ms=7)
        left.plot(row["s180"], place, "D", color=style.ORANGE, ms=5, mfc="none")
        place += 1
    left.plot([], [], "o", color=style.BLUE, ms=7, label="after a year, 90 % of draws")
    left.plot([], [], "D", color=style.ORANGE, ms=5, mfc="none", label="after half a year")
    left.set_yticks([p for p, _ in labels], [text for _, text in labels])
    for tick, (_, text) in zip(left.get_yticklabels(), labels, strict=True):
        tick.set_fontweight("bold" if text.endswith("?") else "normal")
    left.set_ylim(place - 0.3, -0.7)
    left.set_xlim(0, 1)
    left.set_title("Is the truce of Busan still in force?")
    left.set_xlabel("probability")
    rows = levers[levers["outcome"] == STANDS]
    names = list(dict.fromkeys(rows["lever"]))
    for number, change in enumerate(dict.fromkeys(rows["change"])):
        own = rows[rows["change"] == change].set_index("lever").loc[names]
        at = np.arange(len(names)) + 0.24 * (number - 0.5)
        colour, _ = style.series(number)
        right.hlines(at, own["low"], own["high"], color=colour, lw=1)
        right.hlines(at, own["least"], own["most"], color=colour, lw=6, label=change)
    right.axvline(0.0, color=style.GREY, lw=1)
    right.set_yticks(np.arange(len(names)), [plain.lever(name) for name in names])
    right.set_ylim(len(names) - 0.4, -0.6)
    right.set_title("What a lever does to its half-year")
    right.set_xlabel("change of probability (thick: by rule; thin: draws too)")
    for ax, at in ((left, 0.33), (right, 0.83)):
        handles = ax.get_legend_handles_labels()
        figure.legend(*handles, loc="lower center", bbox_to_anchor=(at, 0.025), ncols=2)
    return figure


def main(argv=None):
    study = common.begin(__file__, argv)
    table, levers = answers(study)
    levers.to_csv(study.out / "levers.csv", index=False, float_format="%.6g")
    spec = study.spec
    game = build_game(load_scenario(spec["scenario"], {"parameters": spec["set"]}))
    with style.context():
        said = (belief_words(table), variance_words(parts_of_variance(table)), lever_words(levers))
        numbers = {
            "result": " ".join(said),
            "table": belief_lines(table),
            "levers": lever_lines(levers),
        }
        common.finish(study, game, table, drawn(table, levers), numbers)


if __name__ == "__main__":
    main()
