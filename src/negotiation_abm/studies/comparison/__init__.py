"""The `survival` step: how long the truces of one run folder last, or of several compared."""

from negotiation_abm.studies.comparison.compare import compare
from negotiation_abm.studies.comparison.study import study, study_tables

__all__ = ["compare", "study", "study_tables"]
