"""The words of the game for people: the one place where a name of the model becomes plain English.

Files, options and the reference pages keep the names of the model; command line, figures, page,
report and site speak through this module.
"""

import html
import re

MEASURES = {"covered": "agreed measures", "any_domain": "any measure", "": ""}
MEASURE_TITLES = {
    "covered": "Until the truce ends (agreed measures)",
    "any_domain": "Until the first serious escalation by any measure",
}
CAUSES = {
    "breach": "broken by a measure on the agreed list",
    "collapse": "worn down by other measures",
    "lapse": "ran out",
    "non_delivery": "ended over a broken promise",
    "fulfilled": "fulfilled: everything it covers was given up",
    "escalation": "a measure outside the agreed list",
}
SHARES = {"lapse": "that ran out", "escalation": "ended by a measure outside the agreed list"}
CAUSES_SHORT = {
    "breach": "broken",
    "collapse": "worn down",
    "non_delivery": "promise broken",
    "lapse": "ran out",
    "fulfilled": "fulfilled",
    "escalation": "other measure",
}
ARMS = {
    "record": "record",
    "factual": "as recorded",
    "altered": "with your change",
    "difference": "difference",
}
PLAYERS_SHORT = {"US": "US", "CHINA": "China"}
LEVERS = {
    "market_access": "tariffs",
    "entity_lists": "company blacklists",
    "rare_earths": "rare-earth controls",
    "soybeans": "soybean purchase limits",
    "chips": "chip controls",
    "port_fees": "port fees",
}
LEVERS_SHORT = LEVERS | {
    "entity_lists": "blacklists",
    "rare_earths": "rare earths",
    "soybeans": "soybeans",
    "chips": "chips",
}
LEVER_NUMBERS = {
    "irreplaceability": "how hard to replace",
    "weight": "how much it hurts",
    "blowback_share": "cost at home",
    "step": "size of a step",
}
MOVES = {
    "ESCALATE": "raises {}",
    "THREATEN": "threatens with {}",
    "CONCEDE": "eases {}",
    "SUSPEND": "offers to suspend",
    "HOLD": "does nothing",
    "ROUND": "negotiating round",
    "CALL": "leaders' call",
    "SUMMIT": "leaders' summit",
    "DELIVER": "delivers",
}
STRATEGIES = {"logit": "calibrated player"}
PARAMETERS = {
    "acceptance": "how readily an offer is signed",
    "agency_rate": "agencies acting on their own",
    "audience_cost": "cost of giving in",
    "blowback": "cost of own measures at home",
    "breach_cost": "cost of breaking the truce",
    "brinkmanship": "pressure before a date",
    "deadline": "pull of the expiry date",
    "depth": "restraint of a leaders' truce",
    "erosion": "how fast a lever wears off by use",
    "fatigue": "how pain leads to a settlement",
    "fatigue_escalate": "how pain leads to escalation",
    "follow": "carrying out threats",
    "forum": "pull to settle at a meeting",
    "hold_fire": "waiting for an announced date",
    "initiative": "readiness to escalate",
    "market": "weight of market losses",
    "mirror": "answering in kind",
    "noise": "moves that slip",
    "offer_cost": "cost of offering a truce",
    "reciprocity": "answering escalation and goodwill",
    "relative_gains": "weight of the other side's pain",
    "restraint": "restraint in a truce",
    "round_base": "talks in a quiet week",
    "round_date": "talks before an expiry",
    "round_strain": "talks under strain",
    "round_truce": "talks during a truce",
    "shadow": "restraint before a summit",
    "threat_initiative": "readiness to threaten",
    "tolerance": "how much strain a truce bears",
    "truce_frailty": "how much truces differ",
}
SETTINGS = {
    "modules.shocks.events": "events from outside",
    "calendar.summits": "leaders' summits",
    "truce.expires": "date of the truce",
}
STILL = "still in force"
UNITS = {"pp": "points", "units/week": "units a week", "share": "%"}
AFTER = {90: "90 days", 180: "half a year", 365: "a year"}


def player(name: str) -> str:
    """A player in a label or a table.

    >>> player("CHINA"), player("US"), player("EU")
    ('China', 'US', 'EU')
    """
    return PLAYERS_SHORT.get(name, name)


def lever(name: str, is_short: bool = False) -> str:
    """A lever, with or without its owner; `is_short` where a table leaves no room.

    >>> lever("CHINA.rare_earths"), lever("market_access"), lever("US.gas_exports")
    ('China rare-earth controls', 'tariffs', 'US gas exports')
    >>> lever("CHINA.rare_earths", is_short=True)
    'China rare earths'
    """
    *owner, own = name.split(".")
    known = LEVERS_SHORT if is_short else LEVERS
    return " ".join([*map(player, owner), known.get(own, own.replace("_", " "))])


def move(text: str) -> str:
    """A move with its lever.

    >>> move("ESCALATE market_access"), move("SUSPEND")
    ('raises tariffs', 'offers to suspend')
    """
    kind, _, own = text.partition(" ")
    return MOVES.get(kind, kind.lower()).format(lever(own))


def strategy(name: str) -> str:
    """A strategy.

    >>> strategy("logit"), strategy("tit_for_tat")
    ('calibrated player', 'tit for tat')
    """
    return STRATEGIES.get(name, name.replace("_", " "))


def setting(name: str) -> str:
    """A dotted name of a scenario or a parameter.

    >>> setting("levers.CHINA.rare_earths.irreplaceability"), setting("initiative.US")
    ('China rare-earth controls: how hard to replace', 'readiness to escalate, US')
    >>> setting("strategies.CHINA"), setting("truce.expires")
    ('strategy of China', 'date of the truce')
    """
    if name in SETTINGS:
        return SETTINGS[name]
    first, *rest = name.split(".")
    if first == "levers" and len(rest) >= 2:
        text = lever(".".join(rest[:2]))
        last = [LEVER_NUMBERS.get(part, part.replace("_", " ")) for part in rest[2:]]
        return ": ".join([text, *last])
    if first == "strategies" and rest:
        return f"strategy of {player(rest[0])}"
    if first == "lever_bias" and len(rest) == 2:
        return f"habit of using {lever('.'.join(rest))}"
    if first in PARAMETERS:
        return ", ".join([PARAMETERS[first], *(lever(player(part)) for part in rest)])
    return ": ".join(part.replace("_", " ") for part in (first, *rest))


def value(name: object) -> str:
    """A value of an axis or a setting.

    >>> value("logit"), value(0.25), value("US")
    ('calibrated player', '0.25', 'US')
    """
    if isinstance(name, float):
        return f"{name:g}"
    text = str(name)
    return STRATEGIES.get(text, PLAYERS_SHORT.get(text, LEVERS.get(text, text.replace("_", " "))))


def outcome(name: str) -> str | None:
    """An outcome of a sweep or a study of truce lengths; None if it is another one.

    >>> outcome("survival_365"), outcome("any_domain.rmst_52")
    ('still in force after a year', 'average length within 52 weeks (any measure)')
    >>> outcome("share_non_delivery"), outcome("US.num_escalate")
    ('share ended over a broken promise', None)
    """
    measure, _, rest = name.rpartition(".")
    if measure and measure not in MEASURES:
        return None
    kind, _, number = rest.partition("_")
    if rest in ("median", "median_weeks"):
        text = "median length, weeks"
    elif rest == "rmst_weeks":
        text = "average length within the runs, weeks"
    elif kind == "rmst":
        text = f"average length within {number} weeks"
    elif kind == "survival" and number.isdecimal():
        text = f"{STILL} after {after(int(number))}"
    elif kind == "share" and number in CAUSES:
        text = f"share {SHARES.get(number, CAUSES[number])}"
    else:
        return None
    return f"{text} ({MEASURES[measure]})" if measure else text


def unit(name: str) -> str:
    """A unit of an outcome.

    >>> unit("pp"), unit("units/week"), unit("weeks")
    ('points', 'units a week', 'weeks')
    """
    return UNITS.get(name, name)


def after(days: int) -> str:
    """A number of days: a year, half a year, or the number.

    >>> after(365), after(90), after(30)
    ('a year', '90 days', '30 days')
    """
    return AFTER.get(days, f"{days} days")


def counted(number: int, name: str) -> str:
    """A number of things.

    >>> counted(1, "truce"), counted(3000, "week")
    ('1 truce', '3,000 weeks')
    """
    return f"{number:,} {name}{'' if number == 1 else 's'}"


def unbroken(text: str) -> str:
    r"""A text in which a number stays on one line with its percent sign.

    >>> unbroken("37 % of truces, % of runs")
    '37\xa0% of truces, % of runs'
    """
    return re.sub(r"(?<=\d) %", "\N{NO-BREAK SPACE}%", text)


def escape(text: object) -> str:
    r"""A text as HTML; a number stays with its percent sign.

    >>> escape("<b> 37 %")
    '&lt;b&gt; 37\xa0%'
    """
    return unbroken(html.escape(str(text)))


def percent(share: float) -> str:
    """A probability for people, whole where that says enough.

    >>> percent(0.274), percent(0.004), percent(0.0), percent(1.0), percent(0.997)
    ('27 %', '0.4 %', '0 %', '100 %', '99.7 %')
    """
    number = 100.0 * share
    is_extreme = 0.0 < number < 1.0 or 99.0 < number < 100.0
    return f"{number:.1f} %" if is_extreme else f"{number:.0f} %"


def span(low: float, high: float) -> str:
    """A range of probabilities; its ends are never more exact than a percent.

    >>> span(0.0712, 0.513), span(0.004, 0.997), span(0.002, 0.006)
    ('7 % to 51 %', 'under 1 % to over 99 %', 'under 1 %')
    """
    ends = dict.fromkeys((_rough(low), _rough(high)))
    return " to ".join(ends)


def _rough(share: float) -> str:
    if 0.0 < share < 0.01:
        return "under 1 %"
    return "over 99 %" if 0.99 < share < 1.0 else percent(share)
