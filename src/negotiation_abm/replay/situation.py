"""Where a replay stands, and what a row of the record means there."""

from negotiation_abm.core.state import INFO, as_object, blank
from negotiation_abm.core.terms import Move, lever_of, move_of, option_of
from negotiation_abm.core.transitions import is_legal, scheduled_step
from negotiation_abm.record.load import Row
from negotiation_abm.run.options import legal_options
from negotiation_abm.scenario.game import Game

SAME_LEVEL = 1e-9


class Situation:
    """The state of a replay, and rows of the record read in it; nothing here changes it."""

    def __init__(self, game: Game) -> None:
        self.game = game
        self.scenario = game.scenario
        self.params = as_object(game.params[0])
        self.state = as_object(game.initial[0])
        self.info = as_object(blank(INFO)[0])
        self.week = as_object(game.weeks[0])

    def player_of(self, row: Row) -> int:
        """Index of the row's player."""
        return self.scenario.players.index(row.player)

    def lever_of(self, row: Row) -> int:
        """Number of the row's lever."""
        return self.game.lever_names[self.player_of(row)].index(row.lever)

    def option_of(self, row: Row) -> int:
        """The option that the row's player chose."""
        move = Move[row.move]
        return int(option_of(move, self.lever_of(row) if move >= Move.ESCALATE else 0))

    def step_of(self, row: Row) -> float:
        """Size of the recorded move; the rules' usual size where the record gives no level."""
        player, option = self.player_of(row), self.option_of(row)
        if row.level is None or option == Move.SUSPEND:
            return float(scheduled_step(self.state, self.params, player, option, 1.0))
        if row.move == "THREATEN":
            return row.level
        return abs(row.level - float(self.state.in_force[player, self.lever_of(row)]))

    def lead_of(self, row: Row) -> int:
        """Weeks from the week of a threat to the week in which it falls due; -1 for no date."""
        if row.date_due is not None:
            return self.scenario.turn_of(row.date_due) - self.scenario.turn_of(row.date)
        return row.lead_weeks or 0

    def problem_with(self, row: Row) -> str:
        """Why the recorded move cannot be made now, and what could; empty if it can."""
        player, option = self.player_of(row), self.option_of(row)
        if not is_legal(self.state, self.params, player, option):
            return (
                f"{self.game.option_label(option, player)} is not legal here: "
                f"{self._why_illegal(player, option)}; legal: {', '.join(self.legal_moves(row))}"
            )
        return self.wrong_direction(row)

    def legal_moves(self, row: Row) -> list[str]:
        """What the player of a row could do now, in words."""
        player = self.player_of(row)
        legal = legal_options(self.state, self.params, player)
        return [self.game.option_label(option, player) for option in legal]

    def wrong_direction(self, row: Row) -> str:
        """Why the recorded level contradicts the move, and what would not; empty if it does not."""
        if row.level is None or row.move not in ("ESCALATE", "CONCEDE"):
            return ""
        player, lever = self.player_of(row), self.lever_of(row)
        now = self.state.in_force[player, lever]
        lowers = row.move == "ESCALATE" and row.level < now - SAME_LEVEL
        raises = row.move == "CONCEDE" and row.level > now + SAME_LEVEL
        if not lowers and not raises:
            return ""
        floor, cap = self.params.floor[player, lever], self.params.cap[player, lever]
        ends = f"{now:.3g} to {cap:g}" if lowers else f"{floor:g} to {now:.3g}"
        return (
            f"{row.move} to level {row.level:g}, but {row.lever} is at {now:.4g}; allowed: a level "
            f"from {ends}, or {'CONCEDE' if lowers else 'ESCALATE'} if the level is right"
        )

    def _why_illegal(self, player: int, option: int) -> str:
        if option != Move.SUSPEND:
            return self._why_no_step(player, int(lever_of(option)), move_of(option))
        if self.state.offer[player] > 0:
            return "an own offer stands already"
        left = "no date" if self.state.weeks_left < 0 else f"{self.state.weeks_left} weeks left"
        return f"a truce with {left}, no strain and no threat to withdraw"

    def _why_no_step(self, player: int, lever: int, move: int) -> str:
        now, loaded = self.state.in_force[player, lever], self.state.loaded[player, lever]
        if move == Move.CONCEDE:
            return f"the lever is at its floor ({self.params.floor[player, lever]:g})"
        return f"the lever is at its cap ({now:.3g} in force and {loaded:.3g} loaded)"
