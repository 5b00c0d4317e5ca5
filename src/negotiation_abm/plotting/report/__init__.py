"""The one-page report of a result folder: an HTML file that asks the network for nothing."""

from negotiation_abm.plotting.report.page import write_report

__all__ = ["write_report"]
