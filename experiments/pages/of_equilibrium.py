"""Numbers of docs/equilibrium.md."""

import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
from words import markdown, paragraph, read

from negotiation_abm.studies.equilibrium.nash import nash

GAMES = 400  # random games that are solved by both
TESTS = Path(__file__).parents[2] / "tests"


def numbers(results):
    folder = results / "equilibrium"
    summary, options = read(folder / "equilibrium.json"), pd.read_csv(folder / "equilibrium.csv")
    weeks = summary["weeks"]
    by_week = {week["week_of"]: options[options["week_of"] == week["week_of"]] for week in weeks}
    return {
        "parameters": summary["parameters"],
        "table": _table(summary, by_week),
        "words": _words(summary, by_week),
        "nashpy": _nashpy(),
    }


def _table(summary, by_week):
    players = summary["players"]
    rows = []
    for week in summary["weeks"]:
        part = by_week[week["week_of"]]
        hold = part[part["option"] == "HOLD"].set_index("player")["quantal_response"]
        equilibria = [
            "; ".join(f"{name}: {_mixture(pair[name])}" for name in players)
            for pair in week["nash"]
        ]
        rows.append(
            [
                week["week_of"],
                " x ".join(map(str, week["size"])),
                " x ".join(map(str, week["undominated"])),
                "<br>".join(equilibria),
                *(f"{hold[name]:.2f}" for name in players),
                *(f"{_gap(part, name):.2f}" for name in players),
            ]
        )
    header = ["week", "options", "left", "Nash equilibria"]
    header += [f"HOLD, {name}" for name in players] + [f"gap, {name}" for name in players]
    return markdown(header, rows)


def _mixture(mixture):
    if len(mixture) == 1:
        return next(iter(mixture))
    return ", ".join(f"{share:.2f} {name}" for name, share in mixture.items())


def _gap(part, player):
    own = part[part["player"] == player]
    return (own["simulated"] - own["quantal_response"]).abs().sum() / 2.0


def _words(summary, by_week):
    weeks = summary["weeks"]
    held = [w for w in weeks if w["undominated"] == [1, 1] and _is_hold(w["nash"])]
    other = [w["week_of"] for w in weeks if w not in held]
    text = (
        f"In {len(held)} of the {len(weeks)} weeks HOLD alone is left for both, so that (HOLD, "
        "HOLD) is the only Nash equilibrium"
    )
    text += f"; not so in that of {' and '.join(other)}. " if other else ". "
    gap, player, week = max(
        (_gap(part, name), name, week)
        for week, part in by_week.items()
        for name in summary["players"]
    )
    return paragraph(f"{text}The widest gap is {gap:.2f}, of {player} in the week of {week}.")


def _is_hold(equilibria):
    return all(mixture == {"HOLD": 1.0} for pair in equilibria for mixture in pair.values())


def _nashpy():
    """What support enumeration drops of the games of tests/test_nash.py, unscaled."""
    sys.path.append(str(TESTS))
    from test_nash import SAME, by_support, contains, random_game

    equilibria = dropped = affected = 0
    for seed in range(GAMES):
        game = random_game(seed)
        ours, theirs = nash(*game), by_support(*game, tol=SAME)
        missing = sum(not contains(theirs, pair) for pair in ours)
        equilibria += len(ours)
        dropped, affected = dropped + missing, affected + bool(missing)
    return SimpleNamespace(
        version=metadata.version("nashpy"),
        games=GAMES,
        equilibria=equilibria,
        dropped=dropped,
        affected=affected,
    )
