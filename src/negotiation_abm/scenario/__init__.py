"""From a scenario file to a game: read, check, number."""
