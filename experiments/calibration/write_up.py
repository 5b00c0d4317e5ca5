"""Write docs/calibration.md: its template with the numbers of a results folder.

    python experiments/calibration/write_up.py results/calibration docs/calibration.md

Every number on the page comes from the folder, or (recovery) from the table stored beside this
file, which ``make verify`` renews.
"""

import json
import sys
from pathlib import Path

import pandas as pd

HERE = Path(__file__).parent
TEMPLATE = HERE / "calibration.md.in"
RECOVERY = HERE / "recovery.csv"
SHOWN_TERMS = ("acceptance", "reciprocity", "fatigue", "breach_cost", "mirror", "lever_bias")


class Numbers(dict):
    """A mapping whose entries can be named with dots in a template."""

    def __getattr__(self, name):
        return wrapped(self[name])

    def __getitem__(self, name):
        return wrapped(super().__getitem__(name))


def wrapped(value):
    if isinstance(value, list):
        return [wrapped(item) for item in value]
    if isinstance(value, dict) and not isinstance(value, Numbers):
        return Numbers(value)
    return value


def table(header, rows):
    """A Markdown table."""
    lines = [
        f"| {' | '.join(header)} |",
        f"|{'|'.join('---' for _ in header)}|",
        *(f"| {' | '.join(str(cell) for cell in row)} |" for row in rows),
    ]
    return "\n".join(lines)


def known(value):
    return value is not None and value == value


def bound(value):
    return f"{value:.2f}" if known(value) else "open"


def coefficients(calibration):
    rows = []
    for row in calibration["coefficients"]:
        if row["rests_on"] == "fixed":
            rows.append([f"`{row['coefficient']}`", "0, held", "", "", "", "", "", "fixed"])
            continue
        zero = f"{row['zero_cost']:.1f}" if known(row["zero_cost"]) else ""
        rows.append(
            [
                f"`{row['coefficient']}`",
                f"{row['estimate']:.2f} ({row['error']:.2f})",
                f"{row['low']:.2f} to {row['high']:.2f}",
                f"{bound(row['likelihood_low'])} to {bound(row['likelihood_high'])}",
                f"{row['ratio_likelihood']:.2f}",
                f"{row['ratio']:.2f}",
                zero,
                row["rests_on"],
            ]
        )
    header = [
        "coefficient",
        "estimate (error)",
        "90 % interval",
        "profile likelihood, 90 %",
        "ratio, likelihood alone",
        "ratio",
        "0 costs",
        "rests on",
    ]
    return table(header, rows)


def influence(calibration):
    rows = [
        [f"`{row['coefficient']}`", row["most_influential"]]
        for row in calibration["coefficients"]
        if row["most_influential"] and not row["coefficient"].startswith("lever_bias")
    ]
    return table(["coefficient", "rows that move it most (in errors)"], rows)


def grounds(calibration):
    """Which coefficients rest on what, in words."""
    found = {}
    for row in calibration["coefficients"]:
        found.setdefault(row["rests_on"], []).append(row)
    names = {key: ", ".join(f"`{r['coefficient']}`" for r in rows) for key, rows in found.items()}
    clear = [
        f"`{row['coefficient']}`"
        for row in calibration["coefficients"]
        if known(row["zero_cost"])  # a spread cannot be 0
        and row["rests_on"] != "fixed"
        and row["low"] * row["high"] > 0
    ]
    is_open = {
        side: ", ".join(
            f"`{row['coefficient']}`"
            for row in calibration["coefficients"]
            if row["rests_on"] != "fixed" and not known(row[f"likelihood_{end}"])
        )
        or "none"
        for side, end in (("open_above", "high"), ("open_below", "low"))
    }
    counts = {f"{key}_count": len(rows) for key, rows in found.items()}
    return names | counts | is_open | {"excludes_zero": ", ".join(clear)}


def moments(calibration):
    part = calibration["moments"]
    rows = []
    for name, target in part["targets"].items():
        rows.append(
            [
                f"`{name}`",
                f"{target['target']:g} ({target['sd']:g})",
                f"{part['simulated'][name]:.2f}",
                f"{part['emulator_explains'][name]:.2f}",
                target["source"],
            ]
        )
    for number, spell in enumerate(part["spells"]):
        name = f"spell_{number}"
        ended = "ended" if spell["ended"] else "not ended"
        rows.append(
            [
                f"{spell['measure'].replace('_', ' ')} spell, {spell['weeks']} weeks, {ended}",
                "",
                f"log probability {part['simulated'][name]:.2f}",
                f"{part['emulator_explains'][name]:.2f}",
                spell["source"],
            ]
        )
    header = ["moment", "target (sd)", "at the fit", "emulator explains", "from"]
    return table(header, rows)


def scores(rows):
    out = []
    for row in rows:
        own = row["gain_type"] == 0.0 and row["gain_lever"] == 0.0
        out.append(
            [
                f"**{row['model']}**" if own else row["model"],
                f"{row['type']:.3f}",
                f"{row['type_and_lever']:.3f}",
                "" if own else f"{row['gain_type']:+.1f} ({row['gain_type_error']:.1f})",
                "" if own else f"{row['gain_lever']:+.1f} ({row['gain_lever_error']:.1f})",
            ]
        )
    return table(["", "type", "type and lever", "gain, type", "gain, with lever"], out)


def by_type(rows):
    names = [name for name in rows[0] if name not in ("move", "decisions")]
    body = [
        [row["move"], row["decisions"], *(f"{row[name]:.2f}" for name in names)] for row in rows
    ]
    return table(["recorded move", "decisions", *names], body)


def terms(checks):
    rows = []
    for name in SHOWN_TERMS:
        one = checks["terms"][name]
        rows.append(
            [
                f"`{name}`",
                f"{one['type']:+.2f} ({one['type_error']:.2f})",
                f"{one['lever']:+.2f} ({one['lever_error']:.2f})",
            ]
        )
    return table(["term", "type", "type and lever"], rows)


def patterns(validation):
    rows = []
    for row in validation["patterns"]:
        record = f"{row['record']:.2f}" if known(row["record"]) else ""
        free = f"{row['free']:.2f} ({row['low']:.2f} to {row['high']:.2f})"
        single = f"{row['run_low']:.2f} to {row['run_high']:.2f}" if known(row["run_low"]) else ""
        rows.append(
            [
                row["pattern"],
                row["statistic"],
                row["there"],
                record,
                free,
                f"{row['share']:.2f}",
                single,
                row["verdict"],
            ]
        )
    header = [
        "",
        "statistic",
        "there",
        "record",
        "free runs (90 % over draws)",
        "draws in which it is there",
        "single runs, 90 %",
        "verdict",
    ]
    return table(header, rows)


def controls(validation):
    rows = [
        [
            row["control"],
            row["outcome"],
            f"{row['difference']:+.4f} ({row['low']:+.4f} to {row['high']:+.4f})",
            row["verdict"],
        ]
        for row in validation["controls"]
    ]
    return table(["control", "outcome", "difference (95 % for all together)", "verdict"], rows)


def levers(frame, changes, outcomes):
    rows = []
    for lever in frame["lever"].unique():
        for change in changes:
            part = frame[(frame["lever"] == lever) & (frame["change"] == change)]
            by = part.set_index("outcome")
            cells = []
            for outcome in outcomes:
                low, mid, high = by.loc[outcome, ["low", "difference", "high"]]
                bold = "**" if by.loc[outcome, "clear"] else ""
                cells.append(f"{bold}{mid:+.2f}{bold} ({low:+.2f} to {high:+.2f})")
            rows.append([lever, change, *cells])
    return table(["lever", "change", *outcomes], rows)


def evidence(checks):
    rows = []
    for name, one in checks["fatigue"]["evidence"].items():
        rows.append(
            [name, f"{one['estimate']:.2f} ({one['error']:.2f})", f"{one['zero_cost']:.2f}"]
        )
    return table(["what counts", "`fatigue`", "0 costs, nats"], rows)


def without_lever(checks):
    rows = []
    for name, one in checks["fatigue"]["without_lever"].items():
        rows.append(
            [
                name,
                f"{one['share']:.2f}",
                f"{one['loss']:+.2f}",
                f"{one['estimate']:.2f} ({one['error']:.2f})",
                f"{one['zero_cost']:.2f}",
            ]
        )
    header = ["left out of felt pain", "its share", "fit worse by, nats", "`fatigue`", "0 costs"]
    return table(header, rows)


def coding(checks):
    names = ("fatigue", "acceptance", "reciprocity", "breach_cost", "mirror")
    rows = []
    for name, one in checks["coding"].items():
        cells = [f"{one[label][0]:.2f} ({one[label][1]:.2f})" for label in names]
        rows.append([name, one["moves"], one["rounds"], *cells, f"{one['zero_cost']:.2f}"])
    header = ["coding", "moves", "rounds", *(f"`{name}`" for name in names), "0 costs (fatigue)"]
    return table(header, rows)


def severity(checks):
    rows = []
    for value, one in checks["severity"].items():
        rows.append(
            [
                value,
                ", ".join(one["spells"]),
                f"{one['weibull_shape']:.2f}",
                *(f"{one[k]:.2f}" for k in ("breach_cost", "truce_frailty", "deadline")),
                f"{one['survival_365']['covered']:.2f}",
                f"{one['survival_365']['any_domain']:.2f}",
            ]
        )
    header = [
        "`min_severity`",
        "recorded spells, weeks",
        "Weibull shape",
        "`breach_cost`",
        "`truce_frailty`",
        "`deadline`",
        "Busan S(365 d), covered",
        "any domain",
    ]
    return table(header, rows)


def recovery(found):
    frame = pd.read_csv(RECOVERY)
    carried = frame[frame["ratio"] < 0.5]
    rows = [
        [
            f"`{row['coefficient']}`",
            f"{row['truth']:.2f}",
            f"{row['bias']:+.2f}",
            f"{row['sd']:.2f}",
            f"{row['error']:.2f}",
            f"{row['coverage']:.3f}",
            f"{row['ratio']:.2f}",
        ]
        for row in frame.to_dict("records")
    ]
    header = ["coefficient", "mean truth", "bias", "sd", "mean error", "coverage", "ratio"]
    return {
        "table": table(header, rows),
        "carried": len(carried),
        "least": float(carried["coverage"].min()),
        "most": float(carried["coverage"].max()),
        "mean": float(carried["coverage"].mean()),
        "all": float(frame["coverage"].mean()),
        "worst": below(carried),
        "others": below(frame[frame["ratio"] >= 0.5]),
        "outside": outside(frame, found),
    }


def outside(frame, found):
    """What the fit of 2025 does not leave to the prior and yet covers less than .85 or over .95."""
    known = found[found["rests_on"].isin(["likelihood", "moments"])]["coefficient"]
    part = frame[frame["coefficient"].isin(known)]
    rows = part[(part["coverage"] < 0.85) | (part["coverage"] > 0.95)].to_dict("records")
    words = [f"`{r['coefficient']}` ({r['coverage']:.2f}, ratio {r['ratio']:.2f})" for r in rows]
    if not words:
        return "none."
    return f"{' and '.join(words)}. Most synthetic records say less of them than that of 2025."


def below(frame, line=0.85):
    """Coefficients whose intervals cover less, with their coverage."""
    few = frame[frame["coverage"] < line].to_dict("records")
    return ", ".join(f"`{row['coefficient']}` ({row['coverage']:.2f})" for row in few) or "none"


def response_words(frame):
    """The rows that the text quotes."""

    def cell(lever, change, outcome):
        one = frame[
            (frame["lever"] == lever) & (frame["change"] == change) & (frame["outcome"] == outcome)
        ].iloc[0]
        text = f"{one['difference']:+.2f} ({one['low']:+.2f} to {one['high']:+.2f})"
        return text + ("" if one["clear"] else ", which holds 0")

    return {
        "rare": cell("CHINA.rare_earths", "potency x 0", "US concessions"),
        "rare_off": cell("CHINA.rare_earths", "disabled", "US concessions"),
        "rare_truces": cell("CHINA.rare_earths", "potency x 0", "truces begun"),
        "chips": cell("US.chips", "potency x 0", "CHINA concessions"),
        "chips_off": cell("US.chips", "disabled", "CHINA concessions"),
        "chips_double": cell("US.chips", "potency x 2", "CHINA concessions"),
        "rare_escalations": cell("CHINA.rare_earths", "potency x 0", "US escalations"),
        "chips_escalations": cell("US.chips", "potency x 0", "CHINA escalations"),
        "rare_length": cell("CHINA.rare_earths", "potency x 0", "S(26 weeks), covered"),
        "chips_length": cell("US.chips", "potency x 0", "S(26 weeks), covered"),
        "base_us": f"{frame.loc[frame['outcome'] == 'US concessions', 'base'].iloc[0]:.1f}",
        "base_china": f"{frame.loc[frame['outcome'] == 'CHINA concessions', 'base'].iloc[0]:.1f}",
    }


def main(folder, out):
    folder = Path(folder)

    def read(name):
        return json.loads((folder / name).read_text())

    calibration, validation = read("calibration.json"), read("validation.json")
    checks, forecast = read("checks.json"), read("forecast.json")
    frame = pd.read_csv(folder / "lever_response.csv")
    fatigue = next(r for r in calibration["coefficients"] if r["coefficient"] == "fatigue")
    verdicts = list(validation["verdicts"].values())
    weak = [name for name, verdict in validation["verdicts"].items() if verdict != "pass"]
    numbers = Numbers(
        calibration=calibration,
        validation=validation,
        checks=checks,
        fatigue=fatigue,
        grounds=grounds(calibration),
        recovery=recovery(pd.read_csv(folder / "identification.csv")),
        response=response_words(frame),
        left=calibration["moments"]["left_out"],
        forecast={
            f"{row['measure']}_{row['until'].split()[0]}": row
            for row in forecast["survival"]
            if row["given"] == "start"
        },
        best=best_gain(validation),
        counts={
            "pass": verdicts.count("pass"),
            "weak": verdicts.count("weak"),
            "fail": verdicts.count("fail"),
            "names": ", ".join(weak) or "none",
        },
        tables={
            "coefficients": coefficients(calibration),
            "influence": influence(calibration),
            "moments": moments(calibration),
            "scores": scores(validation["scores"]),
            "in_sample": scores(validation["scores_as_given"]),
            "by_type": by_type(validation["by_move_type_left_out"]),
            "terms": terms(checks),
            "patterns": patterns(validation),
            "controls": controls(validation),
            "levers": levers(
                frame,
                ("potency x 0", "potency x 0.5", "potency x 2", "disabled"),
                ("US concessions", "CHINA concessions", "truces begun"),
            ),
            "levers_rest": levers(
                frame,
                ("potency x 0", "disabled"),
                ("US escalations", "CHINA escalations", "S(26 weeks), covered"),
            ),
            "evidence": evidence(checks),
            "without_lever": without_lever(checks),
            "coding": coding(checks),
            "severity": severity(checks),
        },
    )
    Path(out).write_text(TEMPLATE.read_text().format_map(numbers))


def best_gain(validation):
    """The smallest gain over a statistic when a month is left out."""
    others = [row for row in validation["scores"] if row["gain_type"] != 0.0]
    type_, lever = (min(others, key=lambda row: row[k]) for k in ("gain_type", "gain_lever"))
    return {
        "type": f"{type_['gain_type']:+.1f} ({type_['gain_type_error']:.1f})",
        "type_model": type_["model"],
        "lever": f"{lever['gain_lever']:+.1f} ({lever['gain_lever_error']:.1f})",
        "lever_model": lever["model"],
    }


if __name__ == "__main__":
    main(*sys.argv[1:3])
