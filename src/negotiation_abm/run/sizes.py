"""How many posterior draws the range of an answer rests on, and how many runs each plays."""

DRAWS = 200
RUNS = 50
