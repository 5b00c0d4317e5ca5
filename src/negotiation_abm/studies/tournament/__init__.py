"""Tournaments: every strategy against every other, on both sides, with the same draws."""
