"""What if agencies are kept in line?

python experiments/agencies/run.py OUT [--small]
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
