"""An observed sequence of moves, and the facts behind it."""
