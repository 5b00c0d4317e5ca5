"""Write docs/experiments.md: every experiment with its result, read from its README.

python experiments/list.py docs/experiments.md NAME...
"""

import re
import sys
import textwrap
from pathlib import Path

HERE = Path(__file__).parent
HEAD = """# Experiments

One folder of [experiments/](../experiments) a question: a spec, a script, and a README with design,
result, figure, and what it does not show. `make experiments` rebuilds all of them, and this page,
for the parameters that are shipped; no number in them is written by hand.

Intervals are of 90 % over posterior draws unless the README says otherwise: what the record leaves
open about the payoffs, given the rules and what is assumed. "No clear difference" means that the
interval holds 0, not that there is none. After "on average" stands the mean over draws with two of
its errors: an effect can be clear on average and yet small, or the other way round, in some draws.
"""


def entry(name):
    text = (HERE / name / "README.md").read_text()
    title = text.splitlines()[0].removeprefix("# ")
    result = re.search(r"^\*\*Result\.\*\* (.*?)\n\n", text, re.DOTALL | re.MULTILINE)[1]
    body = textwrap.fill(" ".join(result.split()), 99, break_on_hyphens=False)
    return f"## [{title}](../experiments/{name}/README.md)\n\n{body}\n"


def main(out, *names):
    Path(out).write_text("\n".join([HEAD, *(entry(name) for name in names)]))


if __name__ == "__main__":
    main(*sys.argv[1:])
