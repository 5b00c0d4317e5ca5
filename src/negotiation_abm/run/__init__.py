"""Playing a game: the Mesa model, the compiled batch, paired runs, spells and traces."""
