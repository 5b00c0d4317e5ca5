"""Issues beside trade: TikTok, Taiwan, Ukraine, rumours.

Event: the TikTok deal of September 2025 and the arms for Taiwan of December, which drew sanctions
but no trade answer; Ukraine rode along; the Pakistan rumour had no basis. Reading: a dated event
adds tension (anger) or sweetens (goodwill) by the weight of its issue; the weights of Taiwan,
Ukraine and rumours are near 0, which makes them negative controls.
"""

# mypy: disable-error-code="no-untyped-def"

from negotiation_abm.core import inputs
from negotiation_abm.core._rule import rule
from negotiation_abm.core.misfit import MisfitError
from negotiation_abm.core.terms import NUM_PLAYERS

CLAIMS = ("M46", "M47", "M52", "M53")
INPUTS = (
    inputs.weights("weights", 0, 10, "weight of each issue, 1: like a trade move"),
    inputs.entries(
        "events",
        (
            inputs.day("date"),
            inputs.text("issue"),
            inputs.player("player", "the side that it angers or pleases"),
            inputs.number("tension", 0, 10, "in escalations", default=0.0),
            inputs.number("sweetener", 0, 10, "in concessions", default=0.0),
            inputs.text("note", default=""),
        ),
        "dated events on a side issue",
    ),
)
WEEK_FIELDS = [
    ("side_issues_anger", "f8", (NUM_PLAYERS,)),  # weight x size of the week's tensions
    ("side_issues_goodwill", "f8", (NUM_PLAYERS,)),
]


def check(given, scenario):
    """Every event is on an issue that has a weight."""
    for place, event in enumerate(given.events):
        if event.issue not in given.weights:
            problem = f"'{event.issue}' has no weight"
            raise MisfitError(f"events.{place}.issue", problem, event.issue, given.weights)


def fill(given, params, weeks):
    """Add each event, by the weight of its issue, to its week."""
    for event in given.events:
        weight = given.weights[event.issue]
        weeks["side_issues_anger"][event.date, event.player] += weight * event.tension
        weeks["side_issues_goodwill"][event.date, event.player] += weight * event.sweetener


@rule
def start_turn(state, params, week, seed, replicate, live):
    """The week's events reach the mood of the side that they concern."""
    for player in range(NUM_PLAYERS):
        state.anger[player] += week.side_issues_anger[player]
        state.goodwill[player] += week.side_issues_goodwill[player]
