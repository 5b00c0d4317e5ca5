"""Concessions are promises: they are delivered, late, in part, or not at all.

Event: 12 Mt of soybeans by the end of 2025 and 25 Mt a year after; precursor control for a halved
fentanyl tariff, which one source doubts will be delivered; licences promised in spring 2025.
Reading: a pledge has an owner, a weight, a first and a last week. While the truce stands it is
delivered at the owner's diligence; the other side sees it through noise. A shortfall seen angers
and strains; at the last week a pledge met brings goodwill, one missed brings a grievance in
proportion to what is missing. The end of the truce voids its pledges.
"""

# mypy: disable-error-code="no-untyped-def"

from negotiation_abm.core import inputs
from negotiation_abm.core._rule import rule
from negotiation_abm.core.draws import normal, uniforms
from negotiation_abm.core.misfit import MisfitError
from negotiation_abm.core.parameter import SHARE, player, scalar
from negotiation_abm.core.terms import Phase, opponent_of
from negotiation_abm.core.truce import grieve

CLAIMS = ("M08", "M19", "M24")
BLOCK = 72
MAX_PLEDGES = 8
OPEN, RUNNING, MET, MISSED, VOID = 0, 1, 2, 3, 4
PARAMETERS = (
    player("diligence", "ratio", 0, 5, "share of a pledge that its owner delivers in its time"),
    scalar("delivery_noise", SHARE, 0, 1, "sd of what the other side sees of a delivery"),
    scalar("delivery_slack", SHARE, 0, 1, "shortfall that is overlooked"),
    scalar("delivery_anger", "escalations", 0, 50, "anger a week at a shortfall of 1"),
    scalar("delivery_strain", "severity", 0, 50, "strain a week of a shortfall of 1"),
    scalar("delivery_met", SHARE, 0, 1, "share from which a pledge counts as met"),
    scalar("delivery_goodwill", "concessions", 0, 50, "goodwill of a pledge met"),
    scalar("delivery_missed", "severity", 0, 50, "strain of a pledge wholly missed"),
)
_EACH = (MAX_PLEDGES,)
INPUTS = (
    inputs.entries(
        "pledges",
        (
            inputs.text("name"),
            inputs.player(),
            inputs.own_lever("lever", "lever of that player; null: an effort", default=None),
            inputs.number("weight", 0, 10, "importance, 1: as much as the main lever"),
            inputs.day("made", anywhere=True),
            inputs.day("due", anywhere=True),
            inputs.text("amount", "what was promised, in words", default=""),
            inputs.text("source", default=""),
        ),
        "promises, delivered in their time or not",
        most=MAX_PLEDGES,
    ),
)
PARAM_FIELDS = [
    ("num_pledges", "i8", ()),
    ("pledge_player", "i8", _EACH),
    ("pledge_lever", "i8", _EACH),  # -1: an effort, not a lever
    ("pledge_weight", "f8", _EACH),
    ("pledge_first", "i8", _EACH),  # turn in which delivery begins
    ("pledge_last", "i8", _EACH),  # turn in which it is due
]
FIELDS = [
    ("pledge_delivered", "f8", _EACH),  # share, 0 to 1
    ("pledge_status", "i8", _EACH),
]


def check(given, scenario):
    """A pledge has one owner, and is due neither before it is made nor before the start."""
    owners: dict[str, str] = {}
    for place, pledge in enumerate(given.pledges):
        owner = owners.setdefault(pledge.name, pledge.player)
        if owner != pledge.player:
            raise MisfitError(
                f"pledges.{place}.player",
                f"'{pledge.name}' has more than one owner: {owner} and {pledge.player}",
            )
        if len(owners) <= place:
            raise MisfitError(f"pledges.{place}.player", f"'{pledge.name}' is pledged twice")
        for early, what in ((scenario.start, "the start"), (pledge.made, "it is made,")):
            if pledge.due < early:
                raise MisfitError(f"pledges.{place}.due", f"{pledge.due} is before {what} {early}")


def fill(given, params, weeks):
    """One place of the record a pledge."""
    params["num_pledges"] = len(given.pledges)
    for place, pledge in enumerate(given.pledges):
        params["pledge_player"][place] = pledge.player
        params["pledge_lever"][place] = -1 if pledge.lever is None else pledge.lever
        params["pledge_weight"][place] = pledge.weight
        params["pledge_first"][place] = pledge.made
        params["pledge_last"][place] = pledge.due


def start(state, params):
    """A pledge made before the start has been delivered on schedule until then."""
    for pledge in range(int(params["num_pledges"])):
        first, last = params["pledge_first"][pledge], params["pledge_last"][pledge]
        state["pledge_delivered"][pledge] = max(0.0, -first / (last - first + 1.0))


@rule
def end_turn(state, params, week, seed, replicate, live):
    """A week of every pledge that is running."""
    for pledge in range(params.num_pledges):
        first, last = params.pledge_first[pledge], params.pledge_last[pledge]
        status = state.pledge_status[pledge]
        if status < MET and first <= state.turn <= last:
            if state.phase == Phase.TRUCE:
                state.pledge_status[pledge] = RUNNING
                if live == 1:  # a replay has deliveries from the record alone
                    _deliver(state, params, pledge, seed, replicate)
            elif status == RUNNING:
                state.pledge_status[pledge] = VOID


@rule
def _deliver(state, params, pledge, seed, replicate):
    owner = params.pledge_player[pledge]
    first, last = params.pledge_first[pledge], params.pledge_last[pledge]
    weeks = last - first + 1.0
    delivered = min(1.0, state.pledge_delivered[pledge] + params.diligence[owner] / weeks)
    state.pledge_delivered[pledge] = delivered
    seen = delivered
    if params.delivery_noise > 0.0:
        u1, u2, _, _ = uniforms(seed, replicate, state.turn, BLOCK + pledge)
        seen += params.delivery_noise * normal(u1, u2)
    expected = (state.turn - first + 1.0) / weeks
    shortfall = max(0.0, expected - seen - params.delivery_slack)
    weight = params.pledge_weight[pledge]
    strain = params.delivery_strain * weight * shortfall
    anger = params.delivery_anger * weight * shortfall
    if state.turn == last:
        strain += settle_pledge(state, params, pledge)
    if strain > 0.0 or anger > 0.0:
        lever = params.pledge_lever[pledge]
        grieve(state, params, opponent_of(owner), strain, anger, lever, pledge)


@rule
def settle_pledge(state, params, pledge):
    """A pledge is due: met, it brings goodwill; missed, the strain that is returned."""
    owner = params.pledge_player[pledge]
    weight = params.pledge_weight[pledge]
    delivered = state.pledge_delivered[pledge]
    if delivered >= params.delivery_met:
        state.pledge_status[pledge] = MET
        state.goodwill[opponent_of(owner)] += params.delivery_goodwill * weight
        return 0.0
    state.pledge_status[pledge] = MISSED
    return params.delivery_missed * weight * (1.0 - delivered)
