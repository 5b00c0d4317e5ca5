"""What if agencies are kept in line?

python experiments/agencies/run.py OUT [--small]
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
import common

OUTCOMES = common.OUTCOMES
PANELS = common.PANELS


def words(table):
    base = common.row_of(table, "in line (0)", "weeks_covered")["level"]
    covered, any_domain = (
        common.effect(table, "0.03 a week", outcome, " weeks")
        for outcome in ("weeks_covered", "weeks_any_domain")
    )
    return (
        f"With agencies in line the truce holds {common.number(base)} weeks (of 104). With shocks "
        f"at .03 a week, covered: {covered}. By any domain, which the shocks themselves can end: "
        f"{any_domain}."
    )


def main(argv=None):
    common.compare_cases(__file__, argv, OUTCOMES, PANELS, words)


if __name__ == "__main__":
    main()
