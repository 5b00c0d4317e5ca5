"""Dated or open-ended, narrow or wide: do the terms matter?

python experiments/terms/run.py OUT [--small]
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
import common

OUTCOMES = common.OUTCOMES
PANELS = common.PANELS | {
    "share_in_truce": ("Weeks in a truce", "{:+z.2f}", "share of three years"),
}


def words(table):
    base = common.row_of(table, "as agreed (a year)", "weeks_covered")["level"]

    def weeks(case, outcome="weeks_covered"):
        return common.effect(table, case, outcome, " weeks")

    return (
        f"As agreed the truce holds {common.number(base)} weeks (of 156). "
        f"Half a year, {weeks('half a year')}. Two years, {weeks('two years')}. "
        f"Open-ended, {weeks('open-ended')}. "
        "By any domain, tariffs alone, "
        f"{weeks('narrow (tariffs)', 'weeks_any_domain')}; chips too, "
        f"{weeks('wide (chips too)', 'weeks_any_domain')}."
    )


def main(argv=None):
    common.compare_cases(__file__, argv, OUTCOMES, PANELS, words)


if __name__ == "__main__":
    main()
