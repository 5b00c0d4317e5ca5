"""Numbers of docs/whatif.md."""

from types import SimpleNamespace

from words import bracketed, is_clear, listed, markdown, number, paragraph, read

from negotiation_abm.files.resources import shipped

SHOWN = {  # outcome: heading, digits
    "covered_26": ("holds 26 weeks (covered)", 3),
    "any_domain_26": ("holds 26 weeks (any domain)", 3),
    "weeks_in_truce": ("weeks in truce", 2),
    "US.tariff_pp": ("mean effective US tariff, pp", 2),
}
MOST = 5


def numbers(results):
    names = list(shipped("configs/whatifs", ".yaml"))
    found = {name: read(results / "whatif" / name / "whatif.json") for name in names}
    found = dict(sorted(found.items(), key=lambda item: item[1]["branch_week"]))
    first = next(iter(found.values()))
    return {
        "parameters": first["parameters"],
        "replicates": first["replicates"],
        "seed": first["seed"],
        "table": _table(found),
        "words": _words(found),
        "surprise": _surprise(read(results / "surprise" / "surprise.json")),
    }


def _outcomes(summary):
    return {row["outcome"]: row for row in summary["outcomes"]}


def _table(found):
    rows = []
    for name, summary in found.items():
        outcomes = _outcomes(summary)
        cells = [
            bracketed(outcomes[key], digits) if key in outcomes else "-"
            for key, (_, digits) in SHOWN.items()
        ]
        rows.append([f"`{name}`", summary["branch_week"], *cells])
    return markdown(["name", "branch", *(heading for heading, _ in SHOWN.values())], rows)


def _words(found):
    """Which of them lengthen the truce, by the covered measure, and which shorten it."""
    rows = {name: _outcomes(summary).get("covered_26") for name, summary in found.items()}
    rows = {name: row for name, row in rows.items() if row is not None}
    groups = {
        "The truce in force at the branch holds 26 weeks (covered) more often in": [
            name for name, row in rows.items() if row["low"] > 0.0
        ],
        "less often in": [name for name, row in rows.items() if row["high"] < 0.0],
        "with no clear difference in": [name for name, row in rows.items() if not is_clear(row)],
    }
    parts = [
        f"{text} {listed(sorted(names, key=lambda name: -abs(rows[name]['difference'])))}"
        for text, names in groups.items()
        if names
    ]
    text = "; ".join(parts)
    if not groups["The truce in force at the branch holds 26 weeks (covered) more often in"]:
        text = f"The truce in force at the branch holds 26 weeks (covered) {text}"
    return paragraph(f"{text}.")


def _surprise(summary):
    moves = summary["moves"]
    by_player = []
    for player in summary["players"]:
        own = [row for row in moves if row["player"] == player]
        clear = [row for row in own if row["regret_low"] > 0.0]
        middle = sorted(row["regret"] for row in own)[len(own) // 2]
        by_player.append(
            f"{len(clear)} of the {len(own)} moves of {player} have a regret whose interval "
            f"excludes 0 (median of all {number(middle, 3)})"
        )
    return SimpleNamespace(
        replicates=summary["replicates"],
        least_expected=_moves(moves, "surprise_bits"),
        most_regret=_moves(moves, "regret"),
        words=paragraph(f"{'; '.join(by_player)}."),
    )


def _moves(moves, key):
    rows = [
        [
            row["date"],
            f"{row['player']} {row['move']}",
            f"{row['probability']:.3f}",
            f"{row['rank']} of {row['legal']}",
            row["best"],
            bracketed(row, 3, "regret", "regret_low", "regret_high"),
        ]
        for row in sorted(moves, key=lambda row: -row[key])[:MOST]
    ]
    return markdown(["date", "move", "probability", "rank", "best option", "regret"], rows)
