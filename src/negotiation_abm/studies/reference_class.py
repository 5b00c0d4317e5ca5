"""How long recorded truces last: the reference class, alone or beside a run.

The class holds the truces of the main readings; an episode whose time lies within that of another
one of the same players adds nothing to it. Truces of one episode are not independent, so the band
is clustered by episode, as that of a simulation is by run.
"""

from pathlib import Path
from typing import Any

import pandas as pd

from negotiation_abm.files.folder import writing
from negotiation_abm.files.provenance import file_hash
from negotiation_abm.files.words import counted
from negotiation_abm.record.load import ASIDE
from negotiation_abm.run.spells import MEASURES
from negotiation_abm.studies.comparison.folders import RunFolder, read_runs
from negotiation_abm.studies.episodes import Episode, replay_episodes
from negotiation_abm.survival import DAYS, LEVEL, Survival, survival
from negotiation_abm.survival.words import is_number

RECORDED = "recorded"


def reference_class(episodes: list[Episode]) -> list[Episode]:
    """Main readings, without those whose time lies within another one's of the same players.

    Where only other readings are given, they are the class themselves.
    """
    main = [episode for episode in episodes if episode.is_main] or episodes
    return [episode for episode in main if not any(_is_within(episode, other) for other in main)]


def _is_within(one: Episode, other: Episode) -> bool:
    (start, end), (first, last) = one.window, other.window
    same = sorted(one.game.players) == sorted(other.game.players)
    return same and one.window != other.window and first <= start and end <= last


def class_spells(episodes: list[Episode], measure: str) -> pd.DataFrame:
    """Truces of a reference class as the estimator takes them, the episode in place of the run."""
    return pd.DataFrame(
        [
            {
                "replicate": number,
                "entry_weeks": 0,
                "duration_weeks": row["weeks"],
                "cause": row["cause"],
                "event_observed": row["ended"],
            }
            for number, episode in enumerate(reference_class(episodes))
            for row in episode.rows
            if row["measure"] == measure
        ]
    )


def class_survival(episodes: list[Episode], measure: str) -> Survival | None:
    """Survival of the reference class; None if it holds no truce."""
    spells = class_spells(episodes, measure)
    return survival(lambda: [spells]) if len(spells) else None


def run_episodes(
    names: list[str],
    changes: dict[str, Any] | None = None,
    beside: Path | None = None,
    out: Path | None = None,
) -> dict[str, Any]:
    """The table of recorded truces and the survival of their class, alone or beside a run.

    Returns
    -------
    dict
        What ``episodes.json`` holds. With `out`, ``episodes.csv`` (one row a truce, measure and
        reading), ``reference_class.csv`` (curves by measure and week of age) and the manifest are
        written too.

    Raises
    ------
    InputError
        As `replay_episodes`; if `beside` holds no run.
    """
    runs = read_runs([beside]) if beside else []
    episodes = replay_episodes(names, changes)
    members = {episode.name for episode in reference_class(episodes)}
    rows = _rows_of(episodes)
    estimates = _estimates(episodes, runs)
    severities = sorted({float(e.game.params[0]["min_severity"]) for e in episodes})
    summary = {
        "changes": {name: str(value) for name, value in (changes or {}).items()},
        "min_severity": severities,
        "level": LEVEL,
        "episodes": [_about(episode, episode.name in members) for episode in episodes],
        "truces": rows,
        "classes": [_summary(*key, found) for key, found in estimates.items()],
    }
    if out is not None:
        facts = {
            "episodes": [episode.name for episode in episodes],
            "changes": summary["changes"],
            "records": {e.name: file_hash(e.record.path) for e in episodes},
            "scenarios": {e.name: file_hash(e.game.scenario.path) for e in episodes},
            "beside": str(beside) if beside else None,
            "origin": _origin(len(members), severities, runs),
        }
        with writing(out, "episodes", facts) as draft:
            draft.csv("episodes.csv", pd.DataFrame(rows))
            draft.csv("reference_class.csv", curves(estimates), 10)
            draft.json("episodes.json", summary)
    return summary


def _rows_of(episodes: list[Episode]) -> list[dict[str, Any]]:
    members = {episode.name for episode in reference_class(episodes)}
    return [
        row | {"in_class": e.name in members} | _agreement(row, e, episodes)
        for e in episodes
        for row in e.rows
    ]


def truces_of(episodes: list[Episode]) -> pd.DataFrame:
    """Recorded truces, one row a truce, measure and reading, as ``episodes.csv`` holds them."""
    return pd.DataFrame(_rows_of(episodes))


def class_curves(episodes: list[Episode]) -> pd.DataFrame:
    """Survival of the reference class alone, as ``reference_class.csv`` holds it."""
    return curves(_estimates(episodes, []))


def _estimates(episodes: list[Episode], runs: list[RunFolder]) -> dict[tuple[str, str], Survival]:
    """Survival by measure and name: ``recorded``, or that of a run (its running truce if any)."""
    found: dict[tuple[str, str], Survival | None] = {}
    for measure in MEASURES.values():
        found[measure, RECORDED] = class_survival(episodes, measure)
        for run in runs:
            name = f"simulated, {run.label}"
            found[measure, name] = run.survival(measure, run.groups[-1], LEVEL)
    return {key: estimate for key, estimate in found.items() if estimate is not None}


def curves(estimates: dict[tuple[str, str], Survival]) -> pd.DataFrame:
    """Curves as one table: measure, scenario, week, at_risk, ended, censored, survival, band."""
    columns = ["week", "at_risk", "ended", "censored", "survival", "lower", "upper"]
    parts = [
        found.table[columns].assign(measure=measure, scenario=name)
        for (measure, name), found in estimates.items()
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _origin(number: int, severities: list[float], runs: list[RunFolder]) -> str:
    """Where the curves come from, for the small print of the figure."""
    made = [
        f"{run.label}: {counted(run.made['replicates'], 'run')} of {run.made['scenario']['name']}, "
        f"parameters {run.made['parameter_set']['name']}, seed {run.made['seed']}"
        for run in runs
    ]
    severity = " or ".join(f"{value:g}" for value in severities)
    recorded = f"{number} episodes (min_severity {severity}), band clustered by episode"
    return "  |  ".join([recorded, *made])


def _agreement(row: dict[str, Any], own: Episode, episodes: list[Episode]) -> dict[str, int]:
    """In how many readings of its episode a truce has the same dates and the same ending side."""
    readings = [episode for episode in episodes if episode.of == own.of]
    parts = ("measure", "start", "end", "ended", "player")
    key = [row[part] for part in parts]
    same = [any([r[part] for part in parts] == key for r in other.rows) for other in readings]
    return {"readings": len(readings), "readings_agree": sum(same)}


def _about(episode: Episode, in_class: bool) -> dict[str, Any]:
    first, last = episode.window
    legal = {
        row.id
        for row in episode.record.rows
        if row.not_represented or row.date < first or row.move in ASIDE
    }
    skipped = [row.id for row in episode.replay.unplaced if row.id not in legal]
    return {
        "name": episode.name,
        "title": episode.game.scenario.title,
        "start": first.isoformat(),
        "until": last.isoformat(),
        "in_class": in_class,
        "skipped": skipped,
    }


def _summary(measure: str, name: str, found: Survival) -> dict[str, Any]:
    at = {str(days): [v if is_number(v) else None for v in found.at_days(days)] for days in DAYS}
    return {
        "measure": measure,
        "name": name,
        "truces": found.num_spells,
        "ended": found.num_ended,
        "episodes": found.num_runs,
        "median_weeks": list(found.median_weeks()),
        "still_in_force": at,
    }
