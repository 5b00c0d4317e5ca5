"""Does the calendar of summits keep the truce?

python experiments/calendar/run.py OUT [--small]
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
import common

OUTCOMES = {
    "weeks_covered": ("truce holds, weeks", 1),
    "survival_365": ("S(365 d)", 2),
    "weeks_any_domain": ("any domain, weeks", 1),
    "share_in_truce": ("share of weeks in truce", 2),
    "escalations": ("escalations", 1),
}
PANELS = {
    "weeks_covered": ("Truce of Busan, covered", "{:+z.1f}", "weeks more or less"),
    "weeks_any_domain": ("The same, any domain", "{:+z.1f}", "weeks more or less"),
    "share_in_truce": ("Weeks in a truce", "{:+z.3f}", "share of two years"),
}


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
