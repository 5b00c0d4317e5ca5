"""Write docs/gallery.md from the list of figures: what each shows, its command, its picture.

Run it after adding a figure or changing its words: ``python docs/make_gallery.py``.
"""

import textwrap
from pathlib import Path

from negotiation_abm.plotting.registry import Entry, all_figures

PAGE = Path(__file__).with_name("gallery.md")
FIGURES = PAGE.parent / "figures"

HEAD = """# Gallery

Every figure, with the command that draws it. `negotiation-abm plot DIR` draws all that a folder
allows, `--figure NAME` one of them, as PNG and SVG into `DIR/figures/`. Colours are safe for
colour-blind eyes; line styles, hatches and thickness tell things apart in grey. The heading is what
the figure shows, in a sentence with its numbers and their interval, made from the tables
(`negotiation_abm.plotting.claims`). The small print has
scenario, parameters, runs, seed, version, and the hash of the table behind the figure; the whole
hash stands in the description that the PNG and the SVG carry.

`docs/make_gallery.py` writes this page from the list of figures; `make figures`, `make gallery`,
`make calibration` and `make pages` renew the pictures. They hold the parameters at the mode of
`calibrated_2025`: the bands are simulation error or chance, not what is unknown about the
parameters ([calibration.md](calibration.md)).

In Python each is a function, mostly of a table, `(table, ax=None) -> ax`, in
`negotiation_abm.plotting`. Importing it, or drawing, leaves the settings and the backend of
Matplotlib as they are. [Add a figure](howto_figure.md) says how to add one: one file.
"""
STEPS = {  # heading, what the folder holds, and the folder of the example
    "run": ("One run", "From `make run` (replay and 10,000 runs of `baseline_2025`).", "baseline"),
    "replay": ("The record", "From `make run` too.", "baseline"),
    "comparison": (
        "Several runs",
        "From the four runs that `make gallery` makes of the Busan truce, compared by "
        "`negotiation-abm survival DIR DIR ... --regress`.",
        "gallery/comparison",
    ),
    "sensitivity": (
        "A sensitivity study",
        "From `negotiation-abm sensitivity busan_drivers` ([sensitivity.md](sensitivity.md)).",
        "gallery/drivers",
    ),
    "sweep": ("A sweep", "From `make sweep` ([sweeps.md](sweeps.md)).", "phase"),
    "slice": (
        "A slice",
        "From `negotiation-abm slice DIR --out` ([sweeps](sweeps.md#one-slice-of-it)).",
        "slice",
    ),
    "whatif": ("A what-if", "From `negotiation-abm whatif NAME` ([whatif.md](whatif.md)).",
               "whatif/two_month_truce"),
    "surprise": (
        "Surprise and regret",
        "From `negotiation-abm surprise` ([whatif](whatif.md#surprise-and-regret)).",
        "surprise/baseline_2025",
    ),
    "tournament": (
        "A tournament",
        "From `negotiation-abm tournament` ([tournament.md](tournament.md)).",
        "tournament/baseline_2025",
    ),
    "equilibrium": (
        "Equilibria",
        "From `negotiation-abm equilibrium` ([equilibrium.md](equilibrium.md)).",
        "equilibrium/baseline_2025",
    ),
    "play": (
        "A game",
        "From a game saved on the page: `negotiation-abm play game.json --out results/play` "
        "([play](play.md)).",
        "play",
    ),
    "calibrate": ("A fit", "From `make calibration` ([calibration.md](calibration.md)), as are the "
                  "next.", "calibration"),
    "validate": ("Its validation", "", "calibration"),
    "left_out": ("Patterns over all episodes", "", "calibration"),
    "sbc": ("Simulation-based calibration of the sampler", "", "calibration"),
    "forecast": ("A forecast", "", "calibration"),
    "ledger": ("Forecasts that are kept",
               "From `make forecasts` ([forecasts](forecasts/README.md)).", "forecasts"),
}  # fmt: skip
TAIL = """## Experiments

Differences between cases over posterior draws, shares of ends, and phase diagrams stand in the
folders of the [experiments](experiments.md); `make experiments` redraws them.

## Report

One page for a reader who decides: the question, the answer in three sentences with intervals, the
main figures, what drives it (if the folder holds a study), what the numbers rest on and what the
record does not identify, how to make it again.

    negotiation-abm report results/baseline
    negotiation-abm report results/whatif/no_busan
    negotiation-abm report results/busan_2025 --whatif results/whatif/no_busan \\
        results/whatif/two_month_truce

The second is the page of a [what-if](whatif.md): the question, what was altered, the answer with
paired differences and intervals for the truce, tariffs and the pain of each constituency, the
figure, and the same about what it rests on. The third puts what-ifs behind the page of a run, each
on a page of its own with its command and hashes; one that was played with other parameters than the
run is marked. A what-if in the folder of the run itself is listed without being named.

`report.html` is one file: figures are inside, nothing is loaded from anywhere, and it prints on two
A4 pages, and one more for each what-if that is listed. The tests open it in Chromium, where there
is one, watch its requests and print it.
"""


def main() -> None:
    """Write the page."""
    PAGE.write_text(text(), encoding="utf-8")


def text() -> str:
    """The page: a section a step, in it a paragraph a figure."""
    by_step: dict[str, list[Entry]] = {step: [] for step in STEPS}
    for entry in all_figures().values():
        by_step.setdefault(entry.step, []).append(entry)
    sections = [section(step, entries) for step, entries in by_step.items() if entries]
    return "\n".join([HEAD, *sections, TAIL])


def section(step: str, entries: list[Entry]) -> str:
    """The figures of one step."""
    heading, source, folder = STEPS.get(step, (step.capitalize(), "", step))
    parts = [
        f"## {heading}",
        *([textwrap.fill(source, 100, break_on_hyphens=False)] if source else []),
    ]
    for entry in entries:
        parts += [
            paragraph(entry),
            f"    negotiation-abm plot results/{folder} --figure {entry.name}",
        ]
        if (FIGURES / f"{entry.name}.png").is_file():
            parts.append(f"![{entry.name.replace('_', ' ')}](figures/{entry.name}.png)")
    return "\n\n".join(parts) + "\n"


def paragraph(entry: Entry) -> str:
    """Name and words of a figure."""
    words = f"**`{entry.name}`**: {entry.words}."
    return textwrap.fill(words, 100, break_long_words=False, break_on_hyphens=False)


if __name__ == "__main__":
    main()
