"""Write the pages of docs/ that have a template here (*.md.in).

    python experiments/pages/write_up.py results/pages docs
    python experiments/pages/write_up.py results/pages docs tournament equilibrium

Every number and every sentence on what came out is made from the results that `make pages` leaves.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))
import of_equilibrium
import of_foresight
import of_mechanisms
import of_tournament
import of_whatif

HERE = Path(__file__).parent
PAGES = {
    "whatif": of_whatif.numbers,
    "tournament": of_tournament.numbers,
    "equilibrium": of_equilibrium.numbers,
    "foresight": of_foresight.numbers,
    "mechanisms": of_mechanisms.numbers,
}


def main(results, docs, *names):
    for name in names or PAGES:
        text = (HERE / f"{name}.md.in").read_text().format(**PAGES[name](Path(results)))
        (Path(docs) / f"{name}.md").write_text(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
