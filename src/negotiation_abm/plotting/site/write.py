"""The step `site`: compute what the site shows, and write the page and its data."""

import shlex
from pathlib import Path

import pandas as pd

from negotiation_abm.files.folder import writing
from negotiation_abm.plotting.site.content import Content, Report, gather
from negotiation_abm.plotting.site.data import event_table, tariff_table
from negotiation_abm.plotting.site.parts import page
from negotiation_abm.run.sizes import DRAWS, RUNS
from negotiation_abm.scenario.game import Game
from negotiation_abm.scenario.provenance import facts_of_runs

PAGE = "index.html"


def write_site(
    game: Game,
    folder: Path,
    seed: int = 1,
    draws: int = DRAWS,
    threads: int | None = None,
    report: Report = lambda stage, done, total: None,
) -> Path:
    """Write ``index.html`` and ``data/*.csv``: they open from disk, and load nothing else.

    The range of the answer is that of `negotiation_abm.run.step.run_batch` with as many draws and
    the same seed; the tables of recorded truces are those of the step `episodes`.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    InputError
        If no truce is in force at the start of the game, its parameter set has no posterior draws,
        or the folder cannot be written to.
    """
    facts = facts_of_runs(game, draws * RUNS, seed)
    with writing(folder, "site", facts) as draft:
        content = gather(game, seed, draws, threads, report)
        for name, (table, digits) in tables(content).items():
            table.to_csv(draft.path(f"data/{name}.csv"), index=False, float_format=digits)
        draft.text(PAGE, page(content, made_of(content, draws)))
    return folder / PAGE


def tables(content: Content) -> dict[str, tuple[pd.DataFrame, str | None]]:
    """The tables beside the figures, each with the format of its numbers."""
    return {
        "posterior": (content.answer.curve, "%.6g"),
        "reference_class": (content.recorded, "%.10g"),
        "episodes": (content.truces, None),
        "grid": (content.grid, "%.6g"),
        "whatifs": (content.whatifs, "%.6g"),
        "forecasts": (content.forecasts, "%.6g"),
        "events": (event_table(content), "%.6g"),
        "tariffs": (tariff_table(content), "%.6g"),
    }


def made_of(content: Content, draws: int) -> dict[str, str]:
    """How the page was made, and how to make its tables again."""
    scenario = content.game.scenario
    run = f"negotiation-abm run {scenario.name} --draws {draws} --seed {content.seed}"
    return {
        "scenario": scenario.name,
        "parameters": content.game.parameter_set.name,
        "draws": f"{content.answer.draws} posterior draws, {content.answer.runs} runs each, seed "
        f"{content.seed}",
        "posterior.csv": f"as of: {run}",
        "reference_class.csv, episodes.csv": "as of: negotiation-abm episodes --out DIR",
        "whatifs.csv": f"ranges as of: negotiation-abm whatif NAME --draws {draws}",
        "this page": shlex.join(
            ["negotiation-abm", "site", "DIR", "--scenario", scenario.name, "--draws", str(draws)]
        ),
    }
