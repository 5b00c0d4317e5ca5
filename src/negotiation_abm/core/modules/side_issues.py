"""Issues beside trade: TikTok, Taiwan, Ukraine, rumours.

Event: the TikTok deal of September 2025 and the arms for Taiwan of December, which drew sanctions
but no trade answer; Ukraine rode along; the Pakistan rumour had no basis. Reading: a dated event
adds tension (anger) or sweetens (goodwill) by the weight of its issue; the weights of Taiwan,
Ukraine and rumours are near 0, which makes them negative controls.
"""

# mypy: disable-error-code="no-untyped-def"

from negotiation_abm.core._rule import rule
from negotiation_abm.core.terms import NUM_PLAYERS

CLAIMS = ("M46", "M47", "M52", "M53")
WEEK_FIELDS = [
    ("side_issues_anger", "f8", (NUM_PLAYERS,)),  # weight x size of the week's tensions
    ("side_issues_goodwill", "f8", (NUM_PLAYERS,)),
]


@rule
def start_turn(state, params, week, seed, replicate, live):
    """The week's events reach the mood of the side that they concern."""
    for player in range(NUM_PLAYERS):
        state.anger[player] += week.side_issues_anger[player]
        state.goodwill[player] += week.side_issues_goodwill[player]
