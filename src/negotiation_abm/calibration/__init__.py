"""Payoff parameters from a record: likelihood, fit, errors, profiles, scores against baselines."""
