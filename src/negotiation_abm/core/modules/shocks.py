"""Agencies, courts, markets and harvests: changes from outside, dated or at random.

Event: the listings of late September 2025, made by an agency; court cases over tariffs. Reading: a
shock sets or moves one quantity of the state, in a given week or with a rate a week. (Agencies
that escalate by themselves at random are part of the game: ``agency_rate``.)
"""

# mypy: disable-error-code="no-untyped-def"

from math import inf

from negotiation_abm.core import inputs
from negotiation_abm.core._rule import rule
from negotiation_abm.core.draws import uniforms
from negotiation_abm.core.levers import potency_of, set_intensity, set_level
from negotiation_abm.core.misfit import MisfitError
from negotiation_abm.core.terms import NUM_PLAYERS, Phase

CLAIMS = ("M12", "M30", "M39")
BLOCK = 80
MAX_SHOCKS = 12
QUANTITIES = (
    "in_force",
    "loaded",
    "irreplaceability",
    "intensity",
    "anger",
    "goodwill",
    "market_loss",
    "felt",
    "strain",
    "weeks_left",
)
_EACH = (MAX_SHOCKS,)
INPUTS = (
    inputs.entries(
        "events",
        (
            inputs.choice("quantity", QUANTITIES, "what is changed"),
            inputs.day("date", default=None),
            inputs.number("rate", 0, 1, "a week, if at random", default=None),
            inputs.player("player", default=None),
            inputs.lever("lever", default=None),
            inputs.number("set", -inf, inf, default=None),
            inputs.number("add", -inf, inf, default=None),
            inputs.text("note", default=""),
        ),
        "changes of one quantity from outside",
        most=MAX_SHOCKS,
    ),
)
PARAM_FIELDS = [
    ("num_shocks", "i8", ()),
    ("shock_turn", "i8", _EACH),  # -1: at random
    ("shock_rate", "f8", _EACH),  # a week, if at random
    ("shock_quantity", "i8", _EACH),  # place in QUANTITIES
    ("shock_player", "i8", _EACH),
    ("shock_lever", "i8", _EACH),
    ("shock_adds", "i8", _EACH),  # 1: value is added, 0: value is set
    ("shock_value", "f8", _EACH),
]


def check(given, scenario):
    """A shock is dated or at random, sets or adds, and names what its quantity belongs to."""
    for number, event in enumerate(given.events):
        place = f"events.{number}"
        if (event.date is None) == (event.rate is None):
            raise MisfitError(place, "give either date or rate")
        if (event.set is None) == (event.add is None):
            raise MisfitError(place, "give either set or add")
        needed = _owner(QUANTITIES.index(event.quantity))
        if needed and getattr(event, needed) is None:
            raise MisfitError(f"{place}.{needed}", f"missing; {event.quantity} has one")


def _owner(quantity):
    """What a quantity belongs to: a lever, a player or, as an empty word, the relation."""
    return "lever" if quantity < 4 else "player" if quantity < 8 else ""


def fill(given, params, weeks):
    """One place of the record a shock."""
    params["num_shocks"] = len(given.events)
    for place, event in enumerate(given.events):
        player, lever = event.lever or (event.player or 0, 0)
        params["shock_turn"][place] = -1 if event.date is None else event.date
        params["shock_rate"][place] = event.rate or 0.0
        params["shock_quantity"][place] = event.quantity
        params["shock_player"][place] = player
        params["shock_lever"][place] = lever
        params["shock_adds"][place] = int(event.add is not None)
        params["shock_value"][place] = event.set if event.add is None else event.add


@rule
def start_turn(state, params, week, seed, replicate, live):
    """Shocks of this week."""
    for shock in range(params.num_shocks):
        turn = params.shock_turn[shock]
        happens = turn == state.turn
        if turn < 0 and live == 1:
            u = uniforms(seed, replicate, state.turn, BLOCK + shock)[0]
            happens = u < params.shock_rate[shock]
        if happens:
            _strike(state, params, shock)


@rule
def _changed(params, shock, now):
    value = params.shock_value[shock]
    return now + value if params.shock_adds[shock] == 1 else value


@rule
def _share(value):
    return min(1.0, max(0.0, value))


@rule
def _strike(state, params, shock):
    """Change the quantity that the shock names, within its bounds."""
    quantity = params.shock_quantity[shock]
    player, lever = params.shock_player[shock], params.shock_lever[shock]
    if quantity < 4:
        _strike_lever(state, params, shock, quantity, player, lever)
    elif quantity == 4:
        state.anger[player] = max(0.0, _changed(params, shock, state.anger[player]))
    elif quantity == 5:
        state.goodwill[player] = max(0.0, _changed(params, shock, state.goodwill[player]))
    elif quantity == 6:
        state.market_loss[player] = max(0.0, _changed(params, shock, state.market_loss[player]))
    elif quantity == 7:
        state.felt[player] = max(0.0, _changed(params, shock, state.felt[player]))
    elif quantity == 8:
        _strike_strain(state, params, shock)
    elif state.weeks_left >= 0:
        state.weeks_left = int(max(0.0, _changed(params, shock, float(state.weeks_left))))


@rule
def _strike_strain(state, params, shock):
    """Strain belongs to a truce. What is added is nobody's; what is taken off eases both sides."""
    if state.phase != Phase.TRUCE:
        return
    before = state.strain
    state.strain = max(0.0, _changed(params, shock, before))
    if state.strain < before:
        for player in range(NUM_PLAYERS):
            state.strain_by[player] *= state.strain / before
    elif state.strain > before:
        state.strain_player = -1
        state.strain_lever = -1
        state.strain_agency = 0
        state.strain_unmet = 0
        state.strain_pledge = -1


@rule
def _strike_lever(state, params, shock, quantity, player, lever):
    if quantity == 0:
        level = _share(_changed(params, shock, state.in_force[player, lever]))
        state.loaded[player, lever] = min(state.loaded[player, lever], 1.0 - level)
        set_level(state, params, player, lever, level)
    elif quantity == 1:
        loaded = _share(_changed(params, shock, state.loaded[player, lever]))
        state.loaded[player, lever] = min(loaded, 1.0 - state.in_force[player, lever])
    elif quantity == 2:
        share = _share(_changed(params, shock, state.irreplaceability[player, lever]))
        state.irreplaceability[player, lever] = share
        state.potency[player, lever] = potency_of(params, player, lever, share)
    else:
        intensity = max(0.0, _changed(params, shock, state.intensity[player, lever]))
        set_intensity(state, params, player, lever, intensity)
