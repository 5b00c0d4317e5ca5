"""Slices of what sweeps and studies left: one outcome over names that vary, survival of one point.

A *slice* of a sweep is one outcome over one or two names that vary, with the others fixed where
they have a few values each; of a sensitivity study it is the indices of one outcome. Nothing is
written to the folder that is read.
"""

from negotiation_abm.sweep.slices.folders import folders_in, inside, is_sweep
from negotiation_abm.sweep.slices.points import point_survival, values_of_point
from negotiation_abm.sweep.slices.query import Query, is_grid, notes_of, resolved, slice_table
from negotiation_abm.sweep.slices.study import STUDY, study_outcomes, study_table
from negotiation_abm.sweep.slices.sweep import (
    DATE,
    FEW,
    NAME,
    NUMBER,
    Sweep,
    kind_of,
    open_sweep,
    value_text,
)

__all__ = [
    "DATE",
    "FEW",
    "NAME",
    "NUMBER",
    "STUDY",
    "Query",
    "Sweep",
    "folders_in",
    "inside",
    "is_grid",
    "is_sweep",
    "kind_of",
    "notes_of",
    "open_sweep",
    "point_survival",
    "resolved",
    "slice_table",
    "study_outcomes",
    "study_table",
    "value_text",
    "values_of_point",
]
