"""A record through the rules of the game: state by week, probability of each move, branches."""
