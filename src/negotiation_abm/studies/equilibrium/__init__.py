"""Equilibrium of the stage game: Nash and quantal response at a frozen state."""
