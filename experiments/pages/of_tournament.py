"""Numbers of docs/tournament.md."""

import pandas as pd
from words import listed, markdown, number, paragraph, read

RIVAL = "logit"


def numbers(results):
    folder = results / "tournament"
    summary, pairs = read(folder / "tournament.json"), pd.read_csv(folder / "pairs.csv")
    return {
        "parameters": summary["parameters"],
        "replicates": summary["replicates"],
        "seed": summary["seed"],
        "table": _ranking(summary["ranking"]),
        "words": paragraph(f"{_best_reply(summary, pairs)} {_spirals(summary, pairs)}"),
    }


def _ranking(ranking):
    """Strategies that came out the same stand on one line."""
    rows, last = [], None
    for row in ranking:
        cells = [
            f"{number(row['payoff'], 3)} ± {row['payoff_half']:.3f}",
            f"{row['share_in_truce']:.3f}",
            f"{row['spirals']:.3f}",
        ]
        if last and row["payoff"] == last["payoff"] and rows[-1][2:] == cells:
            rows[-1][1] += f", `{row['strategy']}`"
        else:
            rows.append([row["rank"], f"`{row['strategy']}`", *cells])
        last = row
    return markdown(["rank", "strategy", "payoff", "in truce", "spirals"], rows)


def _best_reply(summary, pairs):
    first, second = summary["players"]
    as_first = pairs[pairs["second"] == RIVAL].set_index("first")
    as_second = pairs[pairs["first"] == RIVAL].set_index("second")
    best = (
        (as_first, first, as_first[f"payoff_{first}"]),
        (as_second, second, as_second[f"payoff_{second}"]),
    )
    parts = [
        f"`{values.idxmax()}` for {player} ({number(values.max(), 3)} ± "
        f"{table.loc[values.idxmax(), f'payoff_{player}_half']:.3f}; `{RIVAL}` itself "
        f"{number(values[RIVAL], 3)})"
        for table, player, values in best
    ]
    return f"Against `{RIVAL}` the best reply of the field is {' and '.join(parts)}."


def _spirals(summary, pairs):
    most = summary["spiralling_pairs"]
    if not most:
        return "In no pair most runs spiral."
    shown = ", ".join(f"`{p['first']}` and `{p['second']}` ({p['share']:.2f})" for p in most[:3])
    text = f"Most runs spiral in {len(most)} of {len(pairs)} ordered pairs, above all {shown}."
    with_rival = pairs[(pairs["first"] == RIVAL) | (pairs["second"] == RIVAL)]
    names = [
        name
        for name in dict.fromkeys(pairs["first"])
        if with_rival[(with_rival["first"] == name) | (with_rival["second"] == name)][
            "spirals"
        ].min()
        > 0.5
        and name != RIVAL
    ]
    return f"{text} With `{RIVAL}` on either side: {listed(names) if names else 'none'}."
