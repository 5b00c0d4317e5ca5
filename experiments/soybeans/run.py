"""Does missing the purchase pledge matter?

python experiments/soybeans/run.py OUT [--small]
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
import common

OUTCOMES = {k: text for k, text in common.OUTCOMES.items() if k != "escalations"}
PANELS = common.PANELS


def words(table):
    base = common.row_of(table, "as pledged (0.95)", "weeks_covered")["level"]
    two_fifths, nothing = (
        common.effect(table, case, "weeks_covered", " weeks") for case in ("two fifths", "nothing")
    )
    return (
        f"The truce holds {common.number(base)} weeks (of 104) if China delivers as pledged. "
        f"Two fifths delivered, {two_fifths}. Nothing delivered, {nothing}."
    )


def main(argv=None):
    common.compare_cases(__file__, argv, OUTCOMES, PANELS, words)


if __name__ == "__main__":
    main()
