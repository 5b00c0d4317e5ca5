"""The weeks of a record, read as exchanges of moves and carried out on the board."""

from collections import deque
from collections.abc import Callable

import numpy as np

from negotiation_abm.core.levers import set_level, touch_all
from negotiation_abm.core.state import as_object
from negotiation_abm.core.terms import Forum, Move, Stage
from negotiation_abm.core.turn import mover, open_week, pass_on
from negotiation_abm.core.week import round_probability
from negotiation_abm.files.errors import InputError
from negotiation_abm.record.load import BOTH, FORUMS, TALKS, Row
from negotiation_abm.replay.account import is_agreement
from negotiation_abm.replay.board import NOT_LIVE, Board

NO_ROUND = 1.0  # a draw that lets no unscheduled round come: the record has them


class Walk:
    """Reads the rows of a week as exchanges of moves and carries them out on the board."""

    def __init__(
        self, board: Board, skip_illegal: bool, on_week: Callable[..., None] | None
    ) -> None:
        self.board = board
        self.skip_illegal = skip_illegal
        self._on_week = on_week
        self._enforces = board.scenario.modules.enforcement is not None
        self._main_row: dict[tuple[str, str], str] = {}  # decision -> id of its first row
        self._skipped: set[str] = set()
        self._talks: deque[Row] = deque()  # acts of the week that are no choices
        self._offers: list[list[Row]] = [[], []]  # rows of the last SUSPEND of each side

    def week(self, turn: int, rows: list[Row]) -> None:
        """Play one week of the record."""
        board = self.board
        late, packages = self._packages([row for row in rows if row.player != BOTH])
        first = board.player_of(packages[0][0]) if packages else 0
        chance = self.open(turn, rows, first)
        for row in late:
            if row.move == "DELIVER" or (row.quiet and self._enforces):
                self._beside(row)
                continue
            main = self._main_row[row.decision, ""]
            if main in self._skipped:
                board.notes.unplaced(row, f"goes with {main}")
                continue
            if problem := board.wrong_direction(row):
                self._refuse(row, problem)
                continue
            self._carry(row)
            board.notes.headline_rates([row], row.date)
        self._exchanges(packages)
        board.close_week(chance)

    def open(self, turn: int, rows: list[Row], first: int = 0) -> float:
        """Begin a week with its recorded meetings; returns the probability of a round in it."""
        board = self.board
        board.week = as_object(board.game.weeks[turn])
        forums = [row for row in rows if row.move in FORUMS]
        board.week.forum = max(
            (Forum.SUMMIT if row.move == "SUMMIT" else Forum.ROUND for row in forums),
            default=Forum.NONE,
        )
        if forums:
            board.state.no_rounds = 0
        if self._on_week is not None:
            self._on_week(board.state)
        chance = float(round_probability(board.state, board.params))
        if board.week.forum != Forum.SUMMIT and board.state.no_rounds == 0:
            board.out.rounds.append((turn, board.week.forum == Forum.ROUND, chance))
        open_week(board.state, board.params, board.week, NO_ROUND, first, 0, 0, NOT_LIVE)
        if board.watcher is not None:
            board.watcher.look(board.state)
        board.notes.placed(forums)
        return chance

    def _beside(self, row: Row) -> None:
        """A delivery, or a quiet change of enforcement: no move, and only with its module."""
        board = self.board
        if row.move == "DELIVER" and board.scenario.modules.delivery is None:
            board.notes.unplaced(row, "a delivery, and the module is off")
            return
        if row.move == "DELIVER":
            board.deliver(row)
        elif problem := board.enforce(row):
            board.notes.unplaced(row, problem)
            board.notes.account.left_alone(row, problem)
            return
        board.notes.placed([row])

    def _packages(self, rows: list[Row]) -> tuple[list[Row], list[list[Row]]]:
        """Rows of decisions of earlier weeks, and the week's own decisions, main row first."""
        late: list[Row] = []
        packages: dict[str, list[Row]] = {}
        for row in rows:
            key = (row.decision, "") if row.decision else ("", row.id)
            if row.move in TALKS:
                self._talks.append(row)
                continue
            if row.move == "DELIVER" or (row.quiet and self._enforces):
                late.append(row)
                continue
            main = self._main_row.setdefault(key, row.id)
            if main == row.id:
                packages[row.id] = [row]
            elif main in packages:
                packages[main].append(row)
            else:
                late.append(row)
        return late, list(packages.values())

    def _exchanges(self, packages: list[list[Row]]) -> None:
        """Carry out the decisions in order; a side whose turn it is and that has none holds."""
        board, queue = self.board, deque(packages)
        while board.state.stage == Stage.MOVES:
            player, has_moved = int(mover(board.state)), False
            if queue and board.player_of(queue[0][0]) == player:
                self._talk(queue[0][0].line)
                has_moved = self._decide(queue.popleft())
            else:
                board.hold(player)
            pass_on(board.state, board.params, has_moved, bool(queue))
        self._talk(None)

    def _talk(self, line: int | None) -> None:
        """Acts on the talks that stand above a line of the record, which are no choices."""
        board = self.board
        while self._talks and (line is None or self._talks[0].line < line):
            row = self._talks.popleft()
            if problem := board.act_on_talks(row):
                self._refuse(row, problem)
            else:
                board.notes.placed([row])

    def _decide(self, rows: list[Row]) -> bool:
        """Score and carry out one recorded decision; False if it was skipped as illegal."""
        other = self._offers[1 - self.board.player_of(rows[0])]
        with self.board.covering([*rows, *other] if rows[0].move == "SUSPEND" else []):
            return self._decide_on(rows)

    def _decide_on(self, rows: list[Row]) -> bool:
        board, main = self.board, rows[0]
        problems = {main.id: board.problem_with(main)}
        problems |= {row.id: board.wrong_direction(row) for row in rows[1:]}
        wrong = [row for row in rows if problems[row.id]]
        if wrong:
            self._skipped.add(main.id)
            for row in rows:
                if row in wrong:
                    self._refuse(row, problems[row.id])
                else:
                    board.notes.unplaced(row, f"goes with {wrong[0].id}")
            return False
        player, option = board.player_of(main), board.option_of(main)
        board.score(player, option, main.date, tuple(row.id for row in rows))
        if option == Move.SUSPEND:
            self._suspend(player, rows)
            for row in rows[1:]:
                if row.move != "SUSPEND":
                    self._carry(row)
        else:
            board.apply(main)
            board.set_recorded(main)
            board.notes.placed([main])
            for row in rows[1:]:
                self._carry(row)
        board.notes.headline_rates(rows, main.date)
        return True

    def _refuse(self, row: Row, problem: str) -> None:
        """Leave a row out that the rules do not allow, or raise what is wrong with it."""
        if not self.skip_illegal:
            path = self.board.out.record.path
            problem = f"{problem}; to list every such row: negotiation-abm check SCENARIO RECORD"
            raise InputError(path, f"line {row.line} ({row.id}), {row.date}", problem)
        self.board.notes.illegal(row, problem)

    def _suspend(self, player: int, rows: list[Row]) -> None:
        """An offer; if it makes an agreement, recorded levels and dates replace the rules'."""
        board, state = self.board, self.board.state
        in_force, loaded = state.in_force.copy(), state.loaded.copy()
        self._offers[player] = [row for row in rows if row.move == "SUSPEND"]
        board.apply(rows[0])
        board.notes.placed(self._offers[player])
        if not is_agreement(board.info.event):
            board.notes.account.offered(rows[0])
            return
        for side, offer in enumerate(self._offers):
            if any(row.level is not None for row in offer):
                self._restore(side, in_force, loaded)
                for row in offer:
                    board.set_recorded(row)
            if offer and offer[0].expires is not None:
                state.weeks_left = board.scenario.turn_of(offer[0].expires) - state.turn
        board.notes.account.agreed(self._offers, in_force)
        board.notes.headline_rates([row for offer in self._offers for row in offer], rows[0].date)
        board.notes.agreement(rows[0].date)
        self._offers = [[], []]

    def _restore(self, player: int, in_force: np.ndarray, loaded: np.ndarray) -> None:
        state, params = self.board.state, self.board.params
        for lever in range(params.num_levers[player]):
            set_level(state, params, player, lever, in_force[player, lever])
        state.loaded[player] = loaded[player]
        touch_all(state)

    def _carry(self, row: Row) -> None:
        """A further row of a package: its lever moves and strains, but it is no choice."""
        board, state = self.board, self.board.state
        if row.move != "SUSPEND":
            mood = state.anger.copy(), state.goodwill.copy(), state.last_option.copy()
            board.apply(row, is_further=True)
            state.anger, state.goodwill, state.last_option = mood
        board.set_recorded(row)
        board.notes.placed([row])
