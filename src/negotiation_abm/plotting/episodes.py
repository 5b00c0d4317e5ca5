"""How long recorded truces lasted: the reference class, alone or beside simulated truces."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from negotiation_abm.files.words import MEASURE_TITLES
from negotiation_abm.plotting import style
from negotiation_abm.plotting.registry import figure
from negotiation_abm.plotting.scenarios import plot_scenarios


@figure(
    "reference_class",
    table="reference_class.csv",
    step="episodes",
    words="How long recorded truces lasted in all episodes, with their 95 % band, alone or beside "
    "simulated truces",
)
def draw_reference_class(table: pd.DataFrame) -> Figure:
    """One panel a measure: recorded truces with the numbers at risk, and those of a run."""
    measures = [name for name in MEASURE_TITLES if name in set(table["measure"])]
    whole, axes = style.subplots(1, len(measures), figsize=(7.2 * len(measures), 6.4))
    longest = table["scenario"].str.len().max()  # names stand to the left of each panel
    left = 0.07 + 0.0037 * longest
    whole.subplots_adjust(
        left=left, right=0.985, top=0.93, bottom=0.27, wspace=0.24 + 0.012 * longest
    )
    for ax, measure in zip(np.atleast_1d(axes), measures, strict=True):
        part = table[table["measure"] == measure]
        plot_scenarios(part, ax)
        for number, name in enumerate(dict.fromkeys(part["scenario"])):
            censored = part[(part["scenario"] == name) & (part["censored"] > 0)]
            if not number:
                ax.plot(censored["week"], censored["survival"], "|", color=style.BLUE, ms=9)
    return whole
