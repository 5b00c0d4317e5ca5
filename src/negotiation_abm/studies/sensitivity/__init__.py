"""Which parameters and levers decide an outcome: Sobol indices and Morris screening.

Running and analysis are apart: a table of points with outcomes in, a table of indices out. Every
point is a mean over replicates. The points of one row of a design share their random numbers, so
that differences between them come from the factors; a *dummy* factor, which changes nothing but the
random numbers, shows what noise alone would score: the noise floor.
"""
