"""Rules of when a truce ends, side by side, as a table of recorded truces."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from negotiation_abm.cli.tables import plain_table, terminal
from negotiation_abm.cli.tables.episodes import ENDED


def print_rules(summary: dict[str, Any], out: Path | None) -> None:
    """One row a recorded truce, one column a rule: mark, days, and who ended it."""
    console = terminal()
    rules = [rule["name"] for rule in summary["rules"]]
    console.print(f"{summary['title']} Days, who ended it, and against the first rule a mark:")
    marks = "; ".join(f"{mark} {words}" for mark, words in summary["marks"].items())
    console.print(f"{marks}; +: still in force on the last day observed.")
    table = plain_table(
        ("truce", "left"), *((f"{number}", "left") for number in range(1, len(rules) + 1))
    )
    table.columns[0].no_wrap = True
    for name, rows in _truces(summary["truces"]):
        table.add_row(name, *(_cell(rows.get(rule), rule == rules[0]) for rule in rules))
    console.print(table)
    for number, rule in enumerate(summary["rules"], 1):
        values = ", ".join(f"{name} {value:g}" for name, value in rule["set"].items())
        agency = "" if rule["agency"] else ", acts of agencies count as chosen"
        of = sum(rule["counts"].values())
        console.print(
            f"{number} {rule['name']} ({values}{agency}): {rule['counts']['Y']} of {of} marked Y"
        )
    if out:
        console.print(f"written to {out}: rules.csv, rules.json, manifest.json")


def _truces(rows: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, dict[str, Any]]]]:
    """Each truce of the table with its row under each rule; an episode's truces by date."""
    places: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for row in rows:
        places.setdefault((row["episode"], row["start"]), {})[row["rule"]] = row
    order = list(dict.fromkeys(row["episode"] for row in rows))
    last = ""
    for episode, start in sorted(places, key=lambda place: (order.index(place[0]), place[1])):
        name = f"{episode}\n  {start}" if episode != last else f"  {start}"
        last = episode
        yield name, places[episode, start]


def _cell(row: dict[str, Any] | None, is_first: bool) -> str:
    if row is None:
        return ""
    if row["mark"] == "-":
        return "-"
    if row["cause"] == "censored":
        end = f"{row['days']}+"
    else:
        by = f" {row['player']}" if row["player"] else ""
        end = f"{row['days']} {ENDED[row['cause']]}{by}"
    return end if is_first or not row["mark"] else f"{row['mark']} {end}"
