"""Does the calendar of summits keep the truce?

python experiments/calendar/run.py OUT [--small]
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
import common

OUTCOMES = common.OUTCOMES
PANELS = common.PANELS


def words(table):
    base = common.row_of(table, "as planned", "weeks_covered")["level"]
    without, quarterly = (
        common.effect(table, case, "weeks_covered", " weeks")
        for case in ("no summits", "every quarter")
    )
    return (
        f"With the summits as planned the truce holds {common.number(base)} weeks (of 104). "
        f"Without any, {without}. With one every quarter, {quarterly}."
    )


def main(argv=None):
    common.compare_cases(__file__, argv, OUTCOMES, PANELS, words)


if __name__ == "__main__":
    main()
