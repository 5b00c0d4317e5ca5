"""Every parameter of the rules, once: name, shape, unit, bounds and meaning.

Values do not stand here. A value and its source come from a parameter set
(``configs/parameters/*.yaml``) or from a scenario; lever numbers come from the scenario. The
loader, the JSON schema, the docs, sweeps and calibration all read this one table.
"""

import numpy as np

from negotiation_abm.core.modules import MAX_MODULES, MODULE_PARAMETERS, PARAM_FIELDS
from negotiation_abm.core.parameter import (
    NATS,
    PER_WEEK,
    SHARE,
    WEEKS,
    Parameter,
    coefficient,
    player,
    scalar,
    switch,
    truce,
    weeks,
)
from negotiation_abm.core.terms import MAX_LEVERS, NUM_PLAYERS, Move

PAYOFF_PARAMETERS: tuple[Parameter, ...] = (
    scalar("precision", "1/nat", 0, 50, "precision of the quantal response; 0 is chance"),
    scalar("flow_weight", "nats per payoff unit", 0, 100, "weight of a change of flow payoff"),
    coefficient("relative_gains", "ratio", -5, 5, "weight of the opponent's pain in one's flow"),
    coefficient("blowback", "ratio", -20, 20, "scale of the cost of own measures"),
    coefficient("market", "ratio", -20, 20, "weight of market loss in the flow"),
    coefficient("reciprocity", "nats per remembered move", -10, 10, "answer to anger and goodwill"),
    coefficient("mirror", NATS, -10, 10, "pull to answer in the domain of a fresh escalation"),
    weeks("mirror_weeks", 0, 52, "how long an escalation invites an answer in its domain"),
    coefficient("breach_cost", NATS, -10, 20, "cost of escalating a covered lever in a truce"),
    coefficient("restraint", NATS, -10, 10, "what any truce takes off escalation"),
    coefficient("depth", NATS, -10, 10, "what a leaders' truce takes off on top"),
    coefficient("truce_frailty", "nats per sd", 0, 10, "spread of soundness between truces"),
    coefficient("shadow", NATS, -10, 10, "restraint of a fresh truce before an announced summit"),
    weeks("shadow_weeks", 0, 52, "how fresh the truce and how near the summit must be"),
    coefficient("brinkmanship", NATS, -10, 10, "pull to escalate before an expiry or a summit"),
    weeks("brinkmanship_weeks", 1, 52, "length of the window before the date"),
    coefficient("follow", NATS, -10, 20, "pull to carry out a threat in its last week"),
    scalar("follow_decay_weeks", WEEKS, 0.1, 520, "lead time over which that pull fades"),
    coefficient("hold_fire", NATS, -10, 20, "reluctance to strike before the announced date"),
    coefficient("fatigue", "nats per payoff unit", -50, 50, "felt pain on settlement and rounds"),
    coefficient("fatigue_escalate", "nats per payoff unit", -50, 50, "felt pain on escalation"),
    coefficient("forum", NATS, -10, 10, "pull to settle while a round or a summit is on"),
    coefficient("acceptance", NATS, -10, 20, "pull to sign when the opponent's offer stands"),
    coefficient("deadline", NATS, -10, 20, "pull to sign as the date of the truce comes near"),
    scalar("deadline_decay_weeks", WEEKS, 0.1, 520, "weeks over which that pull builds up"),
    coefficient("round_base", "log-odds a week", -20, 20, "coming of a round in a quiet week"),
    coefficient("round_strain", "log-odds per strain", -50, 50, "strain on the coming of a round"),
    coefficient("round_truce", "log-odds", -20, 20, "a truce in force on the coming of a round"),
    coefficient("round_date", "log-odds", -20, 20, "a near expiry on the coming of a round"),
    weeks("round_date_weeks", 0, 52, "how near that expiry must be"),
    coefficient("initiative", NATS, -20, 20, "base value of ESCALATE", "player"),
    coefficient("threat_initiative", NATS, -20, 20, "base value of THREATEN", "player"),
    coefficient(
        "audience_cost", NATS, -20, 20, "cost of CONCEDE before the home audience", "player"
    ),
    coefficient("offer_cost", NATS, -20, 20, "cost of SUSPEND before the home audience", "player"),
    coefficient("lever_bias", NATS, -20, 20, "habit of reaching for this lever", "lever"),
)

DYNAMICS_PARAMETERS: tuple[Parameter, ...] = (
    scalar("anger_memory", PER_WEEK, 0, 1, "decay of anger"),
    scalar("goodwill_memory", PER_WEEK, 0, 1, "decay of goodwill"),
    scalar("market_memory", PER_WEEK, 0, 1, "decay of market loss"),
    scalar("felt_memory", PER_WEEK, 0, 1, "memory of relievable pain"),
    scalar("strain_memory", PER_WEEK, 0, 1, "decay of the strain on a truce"),
    scalar("threat_anger", "escalations", 0, 5, "anger that a threat carries"),
    scalar("agreement_anger", SHARE, 0, 1, "share of anger that survives an agreement"),
    scalar("agreement_goodwill", "concessions", 0, 5, "goodwill that an agreement adds"),
    weeks("offer_weeks", 1, 52, "how long an offer stands"),
    scalar("grievance", "severity", 1e-6, 100, "unmet promises from which an escalation answers"),
    scalar("tolerance", "severity", 0.001, 100, "strain at which a truce collapses"),
    scalar("repair_strain", "severity", 0, 100, "strain from which a truce can be repaired"),
    weeks("renewal_window_weeks", 0, 52, "how near its date a truce can be renewed"),
    scalar("suspended_share", SHARE, 0, 1, "part of the pressure that a package takes off"),
    scalar("loaded_share", SHARE, 0, 1, "part of that which stays ready to snap back"),
    scalar("snap_back_share", SHARE, 0, 1, "part of the loaded pressure that snaps back"),
    scalar("convexity", "exponent", 0, 10, "choke points bite more than in proportion"),
    scalar("saturation", "rate", 0.01, 20, "how soon a lever's effect saturates"),
    scalar("erosion", "a week at full use", 0, 0.25, "loss of irreplaceability by use"),
    Parameter("step_multiple", "triple", "ratio", 0, 10, "sizes of an escalation"),
    Parameter("step_probability", "triple", SHARE, 0, 1, "their probabilities"),
    Parameter("lead_weeks", "triple", WEEKS, 0, 520, "lead times of a threat", integer=True),
    Parameter("lead_probability", "triple", SHARE, 0, 1, "their probabilities"),
    Parameter(
        "exchanges_per_turn", "scalar", "exchanges", 1, 8, "most exchanges in a week", integer=True
    ),
    player("agency_rate", "a week", 0, 1, "own agencies escalating without the leader's choice"),
    scalar("min_severity", "severity", 0, 10, "escalation that ends an any-domain spell"),
)

# The rules of a truce, as coded episodes show them; a set that lacks them plays the first version.
TRUCE_PARAMETERS: tuple[Parameter, ...] = (
    switch(
        "revised_rules",
        "suspended measures are put back or given up by choice, truces are widened and fulfilled, "
        "a later threat replaces an earlier one, a truce keeps its soundness",
    ),
    truce(
        "restore_share",
        SHARE,
        1,
        "part of what a side suspended, by its pain, whose return on one lever ends a truce; "
        "0: any covered escalation ends it",
    ),
    truce("covered_strain", "ratio", 100, "strain of a covered escalation that ends no truce"),
    switch("tacit", "a truce outlives a date that passes without an act"),
    truce("announced_pain", "ratio", 10, "weight of pain that is announced beside pain in force"),
)

# Read by strategies other than the quantal response; a set may lack those that are not used.
STRATEGY_PARAMETERS: tuple[Parameter, ...] = (
    player("noise", SHARE, 0, 1, "share of moves that slip: any legal option instead"),
    scalar("generosity", SHARE, 0, 1, "chance that what hurts is let pass unanswered"),
    scalar("grit_pace", "a week", 0, 1, "chance of a unilateral step in a quiet week"),
    scalar("foresight", "ratio", -10, 10, "weight of what is expected to follow a move"),
    scalar("foresight_least", SHARE, 0, 1, "chance below which an answer is not followed up"),
    Parameter("markov_chain", "chain", SHARE, 0, 1, "move by the opponent's last move"),
)

PARAMETERS: tuple[Parameter, ...] = (
    PAYOFF_PARAMETERS
    + DYNAMICS_PARAMETERS
    + TRUCE_PARAMETERS
    + STRATEGY_PARAMETERS
    + MODULE_PARAMETERS
)
OPTIONAL = frozenset(parameter.name for parameter in STRATEGY_PARAMETERS + MODULE_PARAMETERS) | {
    parameter.name for parameter in PARAMETERS if parameter.optional
}

LEVER_NUMBERS: tuple[Parameter, ...] = (
    Parameter("weight", "lever", "payoff units", 0, 100, "weekly pain at full use"),
    Parameter("irreplaceability", "lever", SHARE, 0, 1, "share that cannot be had elsewhere"),
    Parameter("blowback_share", "lever", "payoff units", 0, 100, "cost to the owner at full use"),
    Parameter("step", "lever", SHARE, 0.001, 1, "size of a usual escalation"),
    Parameter("floor", "lever", SHARE, 0, 1, "level below which nothing is conceded"),
    Parameter("cap", "lever", SHARE, 0, 1, "level above which nothing is added"),
)

_SHAPES = {
    "scalar": (),
    "player": (NUM_PLAYERS,),
    "lever": (NUM_PLAYERS, MAX_LEVERS),
    "triple": (3,),
    "chain": (len(Move), len(Move)),
}


def _field(parameter: Parameter) -> tuple[str, str, tuple[int, ...]]:
    return parameter.name, "i8" if parameter.integer else "f8", _SHAPES[parameter.shape]


PARAMS = np.dtype(
    [
        *(_field(parameter) for parameter in PARAMETERS + LEVER_NUMBERS),
        # the shape of the game, from the scenario
        ("num_levers", "i8", (NUM_PLAYERS,)),
        ("domain", "i8", (NUM_PLAYERS, MAX_LEVERS)),
        ("agency_lever", "i8", (NUM_PLAYERS, MAX_LEVERS)),
        ("coverage", "i8", (2, NUM_PLAYERS, MAX_LEVERS)),  # set of a round, set of a summit
        ("term_weeks", "i8", (2,)),  # of a round, of a summit; -1 without a date
        ("num_modules", "i8", ()),
        ("modules", "i8", (MAX_MODULES,)),  # 1 where the module of that number is on
        *PARAM_FIELDS,
        # derived once from the numbers above (`derive`)
        ("mirror_odds", "f8", ()),  # exp(precision * mirror)
        ("breach_odds", "f8", ()),  # exp(-precision * breach_cost)
        ("bite_scale", "f8", ()),
        ("floor_bite", "f8", (NUM_PLAYERS, MAX_LEVERS)),
        ("step_gain", "f8", (NUM_PLAYERS, MAX_LEVERS)),  # 1 - exp(-saturation * step)
        ("step_loss", "f8", (NUM_PLAYERS, MAX_LEVERS)),  # 1 - exp(+saturation * step)
    ],
    align=True,
)


def derive(params: np.ndarray) -> None:
    """Fill the derived fields of an array of `PARAMS` records, in place."""
    precision = params["precision"]
    limit = 110.0  # as in the quantal response: no product of such factors overflows
    params["mirror_odds"] = np.exp(np.clip(precision * params["mirror"], -limit, limit))
    params["breach_odds"] = np.exp(np.clip(-precision * params["breach_cost"], -limit, limit))
    params["bite_scale"] = 1.0 / (1.0 - np.exp(-params["saturation"]))
    saturation = params["saturation"][..., np.newaxis, np.newaxis]
    scale = params["bite_scale"][..., np.newaxis, np.newaxis]
    params["floor_bite"] = (1.0 - np.exp(-saturation * params["floor"])) * scale
    params["step_gain"] = 1.0 - np.exp(-saturation * params["step"])
    params["step_loss"] = 1.0 - np.exp(saturation * params["step"])
