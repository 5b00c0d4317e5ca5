"""A batch does not depend on threads, chunks or company."""

import numpy as np
import pytest

from helpers import foreign_scenario, make_game
from negotiation_abm import build_game, load_scenario
from negotiation_abm.run import batch
from negotiation_abm.run.batch import run_replicates, simulate, spells_of_one

REPLICATES, SEED = 300, 11


def joined(game, replicates=REPLICATES, **options):
    blocks = list(simulate(game, replicates, SEED, **options))
    return (
        np.concatenate([block.runs for block in blocks]),
        np.concatenate([block.spells for block in blocks]),
    )


@pytest.fixture(scope="module")
def game():
    return build_game(load_scenario("baseline_2025", {"horizon_weeks": 104}))


@pytest.fixture(scope="module")
def short_game():
    changes = {"horizon_weeks": 6, "calendar.summits": []}
    return build_game(load_scenario("baseline_2025", changes))


@pytest.fixture(scope="module")
def reference(game):
    return joined(game, threads=1, chunk_size=1000)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("chunk_size", [1, 7, 1000])
def test_same_bytes_for_any_threads_and_chunks(game, reference, threads, chunk_size):
    runs, spells = joined(game, threads=threads, chunk_size=chunk_size)
    assert runs.tobytes() == reference[0].tobytes()
    assert spells.tobytes() == reference[1].tobytes()


@pytest.mark.parametrize("replicate", [0, 1, 137, REPLICATES - 1])
def test_replicate_alone_is_the_same_as_in_a_batch(game, reference, replicate):
    alone = run_replicates(game, SEED, replicate, 1)
    runs, spells = reference
    assert alone.runs[0].tobytes() == runs[replicate].tobytes()
    assert alone.spells.tobytes() == spells[spells["replicate"] == replicate].tobytes()


def test_replicates_are_numbered_in_order_and_differ(reference):
    runs, spells = reference
    assert runs["replicate"].tolist() == list(range(REPLICATES))
    assert np.all(np.diff(spells["replicate"]) >= 0)
    assert len(np.unique(runs["mean_felt"], axis=0)) == REPLICATES


def test_seed_matters(game, reference):
    other = run_replicates(game, SEED + 1, 0, 20)
    assert np.all(other.runs["mean_felt"] != reference[0]["mean_felt"][:20])


def test_spells_of_a_run_are_in_order_of_their_end(reference):
    _, spells = reference
    end = spells["start_week"] + spells["duration_weeks"]
    same_run = np.diff(spells["replicate"]) == 0
    assert np.all(np.diff(end)[same_run] >= 0)


def test_blocks_come_in_order_and_full(monkeypatch, short_game):
    monkeypatch.setattr(batch, "BLOCK_SIZE", 40)
    blocks = list(simulate(short_game, 130, SEED, threads=2, chunk_size=15))
    assert [len(block.runs) for block in blocks] == [40, 40, 40, 10]
    numbers = np.concatenate([block.runs["replicate"] for block in blocks])
    assert numbers.tolist() == list(range(130))


def test_spells_stay_with_their_block(monkeypatch, game, reference):
    monkeypatch.setattr(batch, "BLOCK_SIZE", 64)
    spells = reference[1]
    for block in simulate(game, REPLICATES, SEED, threads=2, chunk_size=100):
        first, last = block.runs["replicate"][[0, -1]]
        wanted = spells[(spells["replicate"] >= first) & (spells["replicate"] <= last)]
        assert len(wanted) > 50
        assert block.spells.tobytes() == wanted.tobytes()


def test_blocks_of_the_usual_size(short_game):
    blocks = list(simulate(short_game, 20_001, SEED))
    assert [len(block.runs) for block in blocks] == [10_000, 10_000, 1]
    assert blocks[2].runs["replicate"].tolist() == [20_000]


def test_chunk_with_more_spells_than_guessed(monkeypatch, game, reference):
    monkeypatch.setattr(batch, "SPELLS_GUESS", 0)
    block = run_replicates(game, SEED, 0, 40)
    assert block.runs.tobytes() == reference[0][:40].tobytes()
    wanted = reference[1][reference[1]["replicate"] < 40]
    assert block.spells.tobytes() == wanted.tobytes()


def test_progress_counts_replicates(short_game):
    seen = []
    list(simulate(short_game, 50, SEED, threads=2, chunk_size=20, progress=seen.append))
    assert seen == [20, 40, 50]


def test_nothing_to_do(short_game):
    assert list(simulate(short_game, 0, SEED)) == []


def test_stopping_early_is_clean(short_game):
    blocks = simulate(short_game, 100_000, SEED, threads=2)
    assert len(next(blocks).runs) == 10_000
    blocks.close()


def test_input_arrays_are_left_alone(game):
    before = [array.tobytes() for array in (game.params, game.weeks, game.initial)]
    run_replicates(game, SEED, 0, 3)
    assert [array.tobytes() for array in (game.params, game.weeks, game.initial)] == before


def test_no_run_has_more_spells_than_the_room_for_one(tmp_path):
    wild = foreign_scenario()
    wild["set"] = {"precision": 0.0, "exchanges_per_turn": 8, "tolerance": 0.001}
    wild |= {"shocks": [], "script": []}
    game = make_game(tmp_path, wild)
    spells = run_replicates(game, SEED, 0, 50).spells
    assert np.bincount(spells["replicate"]).max() <= spells_of_one(game)
