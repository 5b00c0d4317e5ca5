"""Write the forecast of December 2025, once: an existing file is never touched.

    negotiation-abm forecast busan_2025 --params calibrated_2025 --known 2025-12-31 --draws 1000 \
        --out results/forecast
    python experiments/forecast_2025_12/write_up.py results/forecast docs/forecast_2025-12.md
"""

import json
import sys
from pathlib import Path

MEASURES = {"covered": "covered", "any_domain": "any domain"}
ENDS = {
    "breach": "breach: an escalation on a covered lever",
    "collapse": "collapse: strain from levers outside its text",
    "lapse": "lapse: its date passes without a renewal",
    "non_delivery": "non-delivery: something promised and not delivered",
    "escalation": "an escalation outside its text",
    "still in force at the horizon": "still in force after 104 weeks",
}
CHECKS = ("90 d", "180 d", "365 d")


def share(value):
    return f"{value:.2f}"


def span(row, name="probability"):
    return f"{row[name]:.2f} ({row['low']:.2f} to {row['high']:.2f})"


def survival(rows, given):
    lines = [
        "| truce stands beyond | measure | probability (90 % over parameters) | share of the "
        "variance that is parameters | chance |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        if row["given"] != given:
            continue
        part = row["parameter_share"]
        lines.append(
            f"| {row['until']} | {MEASURES[row['measure']]} | {span(row)} | {share(part)} | "
            f"{share(1.0 - part)} |"
        )
    return "\n".join(lines)


def ends(rows):
    lines = ["| what ends it | measure | share of truces (90 %) |", "|---|---|---|"]
    for row in rows:
        lines.append(f"| {ENDS[row['end']]} | {MEASURES[row['measure']]} | {span(row, 'share')} |")
    return "\n".join(lines)


def main(folder, out):
    out, folder = Path(out), Path(folder)
    if out.exists():
        sys.exit(f"{out}: exists; a forecast is not edited after it was made")
    found = json.loads((folder / "forecast.json").read_text())
    manifest = json.loads((folder / "manifest.json").read_text())["forecast"]
    renewal = found["renewal"]
    early = renewal["weeks_early_quantiles"]
    text = f"""# Forecast of 31 December 2025: the Busan truce

Made with what was known on 31 December 2025 and nothing later; never edited after. The truce agreed
by the leaders on 30 October 2025 came into force on 10 November 2025 with a date a year on. On
31 December 2025 it stood, by both measures.

Model: scenario `{found["scenario"]}`, parameter set `{found["parameters"]}` (fitted to the record
up to 31 December 2025), {found["draws"]} posterior draws x {found["replicates_a_draw"]} runs, seed
{found["seed"]}, `min_severity` {found["min_severity"]:g}. Parameter hash
`{manifest["parameter_hash"][:16]}`, scenario hash `{manifest["scenario_hash"][:16]}`.

    negotiation-abm forecast busan_2025 --params calibrated_2025 --known 2025-12-31 --draws 1000

*Covered*: until an escalation on a lever that the truce covers, until strain from others makes it
collapse, or until its date passes without renewal. *Any domain*: until the first escalation of
severity {found["min_severity"]:g} or more on any lever. Days count from 10 November 2025.

## From 10 November 2025

{survival(found["survival"], "start")}

## Given that it stood on 31 December 2025

{survival(found["survival"], "known")}

Two uncertainties are kept apart. The interval is what one does not know about the parameters: each
posterior draw has its own probability. Given a draw, whether the truce lasts is chance. The last
two columns split the variance of the outcome between them. A wide interval is the finding: **one
year does not say how long such a truce lasts.**

## Renewal

Renewed by {renewal["date"]}: {span(renewal)} of all truces, and
{share(renewal["of_those_that_reach_the_window"])} of those that stand {renewal["window_weeks"]}
weeks before. Where it is renewed, on average {renewal["weeks_early_mean"]:.1f} weeks before its
date (5, 50, 95 %: {early[0]:.0f}, {early[1]:.0f}, {early[2]:.0f}).

## What ends it

Within 104 weeks of 10 November 2025:

{ends(found["ends"])}

![Survival of the Busan truce](figures/forecast_2025-12.png)

## How this will be judged

- On each of the days {", ".join(CHECKS)} after 10 November 2025 and on the date of the truce: did
  it stand, by each measure? Scored by the log score of the probabilities above, against .5.
- If it ends: when, by whom, with which lever, by which cause.
- If it is renewed: how many weeks before its date.
- An outcome at a probability below .05 speaks against the model or the coding, and will be said so
  beside this file, not in it.

## What it leans on

- `breach_cost`, `deadline`, `depth`, `restraint`, `truce_frailty`: the record of 2025 hardly
  identifies them ([calibration.md](calibration.md#what-the-fit-gives)).
- The calendar: a visit in April 2026 and meetings in November and December 2026 on assumed days.
- Promises of Busan (soybeans, precursors) stand in the scenario; nothing is known of deliveries.
- No agency acts of its own accord, no court voids a tariff, no third topic enters.
- One coding of one year.
"""
    out.write_text(text)


if __name__ == "__main__":
    main(*sys.argv[1:3])
