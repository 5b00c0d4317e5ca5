"""A person plays one side: the game, what each move is worth, its log, its file, its standing."""
