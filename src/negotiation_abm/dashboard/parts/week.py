"""A week of the record: its numbers, its levers, its events, what is known of them."""

from typing import Any

import solara

from negotiation_abm.files import words
from negotiation_abm.files.words import escape
from negotiation_abm.replay.story import Event, Story, facts_by_date, sources_of


def item_of(story: Story, event: Event) -> dict[str, Any]:
    """An event as the list shows it."""
    row = event.rows[0]
    players = story.summary["players"]
    chance = ""
    if event.probability is not None:
        chance = (
            f"chance under the rules {words.percent(event.probability)}; "
            f"with any lever {words.percent(event.type_probability or 0.0)}"
        )
    more = len(event.rows) - 1
    return {
        "id": event.id,
        "player": _who(event),
        "side": players.index(event.player) if event.player in players else 2,
        "move": words.move(event.move) if event.move else "(no move of the game)",
        "date": event.date.isoformat(),
        "text": row.statement + (f" (and {more} more)" if more else ""),
        "chance": words.unbroken(chance),
        "width": f"{100 * (event.probability or 0.0):.1f}%",
        "source": _short(row.source),
    }


def _short(source: str) -> str:
    """The sources of a row by their names."""
    names = list(dict.fromkeys(sources_of(source)))
    return f"source: {'; '.join(names)}" if names else ""


def _who(event: Event) -> str:
    return "both sides" if event.player == "both" else words.player(event.player)


@solara.component
def Week(story: Story, week: int) -> None:
    """The state of the relation at the end of a week, in numbers."""
    now = story.weeks[week]
    left = f", {now['weeks_left']} weeks left" if now["weeks_left"] >= 0 else ""
    truce = f"truce{left}" if now["phase"] == "TRUCE" else "dispute"
    forum = {"NONE": "none", "ROUND": "round or call", "SUMMIT": "summit"}[now["forum"]]
    numbers = [
        ("relation", truce),
        ("meeting", forum),
        ("chance of talks this week", words.percent(now["round_probability"])),
        ("strain on the truce", f"{now['strain']:.2f}"),
    ]
    for player in story.summary["players"]:
        name = words.player(player)
        numbers.append((f"felt pain, {name}", f"{now[f'{player}.felt']:.3f}"))
        numbers.append((f"anger, {name}", f"{now[f'{player}.anger']:.2f}"))
    body = "".join(f"<div><dt>{escape(t)}</dt><dd>{escape(v)}</dd></div>" for t, v in numbers)
    solara.HTML(
        tag="div",
        classes=["card"],
        unsafe_innerHTML=(
            f"<h3>Week of {escape(now['week_of'])}, {week + 1} of {len(story.weeks)}</h3>"
            f"<dl class='numbers'>{body}</dl>"
        ),
    )


def _headline(headline: float, rate: float) -> str:
    """The headline tariff behind the effective one, where the two differ."""
    return f", announced {headline:.0f}" if abs(headline - rate) >= 0.5 else ""


@solara.component
def Levers(story: Story, week: int) -> None:
    """Levers of both sides at the end of a week: in force, ready to snap back, announced."""
    now = story.weeks[week]
    with solara.Div(classes=["grid", "halves"]):
        for side, player in enumerate(story.summary["players"]):
            rows = ""
            for lever in story.game.lever_names[side]:
                force, loaded, pending = (
                    now[f"{player}.{lever}.{part}"] for part in ("in_force", "loaded", "pending")
                )
                value = f"{force:.2f}"
                if lever == story.summary["tariff_levers"].get(player):
                    headline, rate = now[f"{player}.headline_pp"], now[f"{player}.tariff_pp"]
                    value = f"{rate:.0f} points" + _headline(headline, rate)
                value += f" (+{loaded:.2f})" if loaded > 0.0 else ""
                bars = "".join(
                    f"<i class='{kind}' style='width:{100 * part:.1f}%'></i>"
                    for kind, part in (("now", force), ("loaded", loaded), ("pending", pending))
                )
                rows += (
                    f"<span>{escape(words.lever(lever))}</span>"
                    f"<span class='track side-{side}' aria-hidden='true'>{bars}</span>"
                    f"<span class='value'>{value}</span>"
                )
            solara.HTML(
                tag="div",
                classes=["card"],
                unsafe_innerHTML=(
                    f"<h3>Levers of {escape(words.player(player))} at the end of the week</h3>"
                    f"<div class='levers'>{rows}</div><p class='hint'>Solid: in force. Hatched, "
                    "(+): suspended, ready to snap back. Dashed: announced.</p>"
                ),
            )


@solara.component
def Facts(event: Event) -> None:
    """What the record says of an event, the facts of its day, and their sources."""
    parts = ""
    for row in event.rows:
        parts += _fact(row.statement, f"row {row.id}", row.certainty, sources_of(row.source))
        if row.not_represented:
            parts += f"<p class='hint'>Not in the replay: {escape(row.not_represented)}.</p>"
    known = facts_by_date().get(event.date.isoformat(), [])
    for fact in known:
        value = (
            f"{fact['value']} {fact['unit']}"
            if fact["unit"] not in ("bool", "text", "date")
            else ""
        )
        about = f"{fact['id']}{f' = {value}' if value else ''}"
        parts += _fact(
            fact["statement"], about, fact["certainty"], sources_of(";".join(fact["source"]))
        )
    solara.HTML(
        tag="div",
        classes=["card"],
        attributes={"id": "facts"},
        unsafe_innerHTML=(
            f"<h3>{event.date.isoformat()}, {escape(_who(event))} "
            f"{escape(words.move(event.move))}: what is known of that day</h3>{parts}"
        ),
    )


def _fact(statement: str, about: str, certainty: str, sources: list[str]) -> str:
    where, how = "; ".join(sources) or "no source", certainty.replace("_", " ")
    told = [about, where] if how == where.lower() else [about, how, where]
    return (
        f"<div class='fact'><p>{escape(statement)}</p>"
        f"<p class='hint'>{escape(' | '.join(told))}</p></div>"
    )
