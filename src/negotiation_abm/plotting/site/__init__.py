"""A site without a server: one page with its data, which opens from disk and loads nothing."""

from negotiation_abm.plotting.site.write import write_site

__all__ = ["write_site"]
