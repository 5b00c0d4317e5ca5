"""Controls are licences: they can be loosened or tightened without a word.

Event: the slow-walked rare-earth licences of May 2025, behind the end of the Geneva calm; the
April licensing that outlived Busan; a softer reading by region. Reading: a hidden intensity under
each lever in force, reviewed every four weeks; pain follows it while the formal level stays.
Anger tightens it (a hidden breach, which the other side feels as something promised and not
delivered), felt pain of the owner loosens it (a cheap concession).
"""

# mypy: disable-error-code="no-untyped-def"

from negotiation_abm.core._rule import rule
from negotiation_abm.core.levers import bite_of, set_intensity
from negotiation_abm.core.parameter import scalar
from negotiation_abm.core.terms import NUM_PLAYERS, Phase, opponent_of
from negotiation_abm.core.truce import grieve

REVIEW_WEEKS = 4
CLAIMS = ("M10", "M11", "M41")
PARAMETERS = (
    scalar("enforcement_pace", "fraction a review", 0, 1, "how fast intensity follows its target"),
    scalar("enforcement_tighten", "per remembered escalation", 0, 5, "effect of anger on it"),
    scalar("enforcement_loosen", "per payoff unit", 0, 5, "effect of the owner's felt pain on it"),
    scalar("enforcement_low", "ratio", 0, 1, "loosest intensity"),
    scalar("enforcement_high", "ratio", 1, 5, "tightest intensity"),
    scalar("enforcement_anger", "escalations per payoff unit", 0, 50, "anger at a hidden breach"),
    scalar("enforcement_strain", "severity per payoff unit", 0, 50, "strain of a hidden breach"),
)


@rule
def end_turn(state, params, week, seed, replicate, live):
    """Intensity moves towards its target; what is felt beyond the formal level is resented."""
    review = live == 1 and state.turn % REVIEW_WEEKS == REVIEW_WEEKS - 1
    for owner in range(NUM_PLAYERS):
        target = 1.0 + params.enforcement_tighten * state.anger[owner]
        target -= params.enforcement_loosen * state.felt[owner]
        target = min(params.enforcement_high, max(params.enforcement_low, target))
        for lever in range(params.num_levers[owner]):
            level = state.in_force[owner, lever]
            if level > 0.0:
                if review:  # a replay has quiet changes from the record alone
                    _adjust(state, params, owner, lever, target)
                _resent(state, params, week, owner, lever)


@rule
def _adjust(state, params, owner, lever, target):
    gap = target - state.intensity[owner, lever]
    intensity = state.intensity[owner, lever] + params.enforcement_pace * gap
    set_intensity(state, params, owner, lever, intensity)


@rule
def _resent(state, params, week, owner, lever):
    """Pain beyond what the formal level gives is a hidden breach, if a truce is in force."""
    if state.phase != Phase.TRUCE or state.intensity[owner, lever] <= 1.0:
        return
    beyond = state.bite[owner, lever] - bite_of(params, state.in_force[owner, lever])
    if beyond > 0.0:
        hurt = week.salience[owner, lever] * state.potency[owner, lever] * beyond
        strain = params.enforcement_strain * hurt
        anger = params.enforcement_anger * hurt
        grieve(state, params, opponent_of(owner), strain, anger, lever, -1)
