"""The rules of the game: pure functions on plain numbers, written once."""
