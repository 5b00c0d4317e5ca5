"""One question a folder or file: what-ifs, tournament, equilibrium, sensitivity and others."""
