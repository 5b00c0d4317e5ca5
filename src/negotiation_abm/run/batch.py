"""Many replicates of one scenario: the compiled run, in chunks over threads.

A *chunk* is a unit of work, a *block* a unit of output: blocks come in replicate order and hold
the same rows whatever the chunk size and the number of threads.
"""

import itertools
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from negotiation_abm.core.state import INFO, STATE
from negotiation_abm.core.tracker import NUM_MEASURES, SPELL, TALLY, TRACE
from negotiation_abm.run.kernel import make_kernel
from negotiation_abm.run.outcome import Outcome, Runs, num_weeks
from negotiation_abm.scenario.game import Game

BLOCK_SIZE = 10_000
CHUNK_SIZE = 2_000
TRACED_CHUNK_SIZE = 500  # weeks take room
WEEKS_AT_ONCE = 100_000  # of traced runs, in one thread
SPELLS_GUESS = 16  # room for spells a replicate; a chunk that needs more is played in parts

T = TypeVar("T")
X = TypeVar("X")


@dataclass(frozen=True)
class Block:
    """Consecutive replicates.

    Attributes
    ----------
    runs, spells : ndarray
        `TALLY` and `SPELL` records.
    outcomes : dict of str to ndarray
        Values of the outcomes that were taken down (`run_outcomes`), first axis the run.
    """

    runs: np.ndarray
    spells: np.ndarray
    outcomes: dict[str, np.ndarray] = field(default_factory=dict)


def available_threads() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def spells_of_one(game: Game) -> int:
    """More spells than one replicate can have."""
    moves = 2 * int(game.params["exchanges_per_turn"][0]) + 2
    return NUM_MEASURES * (len(game.weeks) * (moves + 1) + 1)


def blank_traces(game: Game, count: int) -> np.ndarray:
    """Room for the weeks of `count` runs: `TRACE` records, shape (count, weeks played)."""
    return np.zeros((count, num_weeks(game)), TRACE)


def run_replicates(
    game: Game, seed: int, first: int, count: int, traces: np.ndarray | None = None
) -> Block:
    """Play replicates ``first .. first + count - 1`` on the calling thread.

    Parameters
    ----------
    seed : int
        0 to 2**64 - 1.
    traces : ndarray of TRACE, shape (num_traced, weeks played), optional
        Filled with the state at the end of each week of the first `num_traced` (`blank_traces`).

    Returns
    -------
    Block
        `count` runs, and their spells in the order in which they ended.
    """
    kernel = make_kernel(game.strategy_codes)
    codes = np.array(game.strategy_codes)
    states, info = np.zeros(2, STATE), np.zeros(1, INFO)
    largest = spells_of_one(game)
    runs: list[np.ndarray] = []
    spells: list[np.ndarray] = []
    done = 0
    while done < count:
        tallies = np.zeros(count - done, TALLY)
        if game.tally is not None:
            tallies[:] = game.tally[0]
        room = np.zeros(largest + SPELLS_GUESS * (count - done), SPELL)
        played, written, _ = kernel(
            game.params,
            game.weeks,
            game.initial,
            codes,
            np.uint64(seed),
            np.int64(first + done),
            states,
            info,
            tallies,
            room,
            largest,
            traces=None if traces is None else traces[done:],
        )
        runs.append(tallies[:played])
        spells.append(room[:written].copy())
        done += played
    return Block(np.concatenate(runs), np.concatenate(spells))


def run_outcomes(
    game: Game,
    seed: int,
    first: int,
    count: int,
    outcomes: Sequence[Outcome] = (),
    traces: np.ndarray | None = None,
) -> Block:
    """Play replicates as `run_replicates` does, and take down outcomes of each run.

    Weeks are traced only where an outcome needs them, and then for as many runs at a time as a
    thread may hold, so memory does not grow with `count`.

    Parameters
    ----------
    outcomes : sequence of Outcome
        Filled in for this game.
    traces : ndarray of TRACE, shape (count, weeks played), optional
        Room for the weeks of all runs, if the caller wants to keep them.
    """
    is_traced = traces is None and any(outcome.needs == "weeks" for outcome in outcomes)
    size = traced_size(game) if is_traced else max(1, count)
    parts = []
    for start in range(first, first + count, size) or [first]:
        number = min(size, first + count - start)
        weeks = blank_traces(game, number) if is_traced else traces
        block = run_replicates(game, seed, start, number, weeks)
        runs = Runs(game, block.runs, block.spells, weeks)
        values = {outcome.name: outcome.value(runs) for outcome in outcomes}
        parts.append(Block(block.runs, block.spells, values))
    return joined(parts)


def traced_size(game: Game) -> int:
    """Runs of a game whose weeks a thread may hold at once."""
    return max(1, min(TRACED_CHUNK_SIZE, WEEKS_AT_ONCE // max(1, num_weeks(game))))


def simulate(
    game: Game,
    replicates: int,
    seed: int,
    threads: int | None = None,
    chunk_size: int = CHUNK_SIZE,
    progress: Callable[[int], None] | None = None,
    outcomes: Sequence[Outcome] = (),
) -> Iterator[Block]:
    """Play `replicates` runs and yield them in blocks of `BLOCK_SIZE`, in replicate order.

    Parameters
    ----------
    threads : int, optional
        All cores by default. The result does not depend on it, nor on `chunk_size`.
    progress : callable, optional
        Called with the number of replicates finished.
    outcomes : sequence of Outcome
        Taken down of each run.
    """

    def play(start: int, size: int) -> Block:
        return run_outcomes(game, seed, start, size, outcomes)

    yield from _blocks(in_chunks(play, replicates, threads, chunk_size), progress)


def in_chunks(
    play: Callable[[int, int], T], replicates: int, threads: int | None, chunk_size: int
) -> Iterator[T]:
    """What `play` (first replicate, number of them) makes of each chunk, over threads, in order."""
    starts = range(0, replicates, chunk_size)
    tasks = ((start, min(chunk_size, replicates - start)) for start in starts)
    yield from in_order(lambda task: play(*task), tasks, threads)


def in_order(play: Callable[[X], T], tasks: Iterable[X], threads: int | None) -> Iterator[T]:
    """What `play` makes of each task, over threads, in the order of the tasks."""
    ahead = iter(tasks)
    workers = threads or available_threads()
    waiting: deque[Future[T]] = deque()
    with ThreadPoolExecutor(workers) as pool:

        def submit() -> None:
            for task in itertools.islice(ahead, 1):
                waiting.append(pool.submit(play, task))

        try:
            for _ in range(2 * workers):
                submit()
            yield from _chunks(waiting, submit)
        finally:
            for future in waiting:
                future.cancel()


def _chunks(waiting: deque[Future[T]], submit: Callable[[], None]) -> Iterator[T]:
    while waiting:
        done = waiting.popleft().result()
        submit()
        yield done


def _blocks(chunks: Iterator[Block], progress: Callable[[int], None] | None) -> Iterator[Block]:
    """Cut a stream of chunks into blocks of `BLOCK_SIZE` replicates."""
    held: list[Block] = []
    size = finished = 0
    for chunk in chunks:
        held.append(chunk)
        size += len(chunk.runs)
        finished += len(chunk.runs)
        if progress:
            progress(finished)
        while size >= BLOCK_SIZE:
            block, rest = _split(joined(held), BLOCK_SIZE)
            held, size = [rest], len(rest.runs)
            yield block
    if size:
        yield joined(held)


def joined(blocks: Sequence[Block]) -> Block:
    """Blocks under one another, in their order."""
    if len(blocks) == 1:
        return blocks[0]
    return Block(
        np.concatenate([block.runs for block in blocks]),
        np.concatenate([block.spells for block in blocks]),
        {
            name: np.ma.concatenate([block.outcomes[name] for block in blocks])
            if isinstance(values, np.ma.MaskedArray)
            else np.concatenate([block.outcomes[name] for block in blocks])
            for name, values in blocks[0].outcomes.items()
        },
    )


def _split(block: Block, size: int) -> tuple[Block, Block]:
    """The first `size` replicates, and the rest."""
    if len(block.runs) == size:
        return block, Block(block.runs[:0], block.spells[:0], _rows(block, slice(0)))
    border = block.runs["replicate"][size]
    cut = int(np.searchsorted(block.spells["replicate"], border))
    return (
        Block(block.runs[:size], block.spells[:cut], _rows(block, slice(size))),
        Block(block.runs[size:], block.spells[cut:], _rows(block, slice(size, None))),
    )


def _rows(block: Block, chosen: slice) -> dict[str, np.ndarray]:
    return {name: values[chosen] for name, values in block.outcomes.items()}
