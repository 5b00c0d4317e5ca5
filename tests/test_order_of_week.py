"""The order of a week stands in one place: a change there reaches every way of playing.

One rule of `negotiation_abm.core.turn` is changed in a copy of the sources, and the same weeks are
played in six ways, before and after. With ``-m verify`` both are played in the copy, where the
compiler keeps what it makes in one place for both: that must not bring back the old rule.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TURN = "src/negotiation_abm/core/turn.py"
# The last mover of an exchange has the first move of the next one too, and not the other player.
BEFORE = "        state.exchange += 1\n        state.place = 0\n"
AFTER = (
    "        state.exchange += 1\n        state.place = 0\n        state.first = 1 - state.first\n"
)

PLAY = """
import json

from negotiation_abm import NegotiationModel, build_game, load_record, load_scenario, replay_record
from negotiation_abm.core.terms import move_of
from negotiation_abm.play.schema import Start
from negotiation_abm.play.session import Session
from negotiation_abm.run.batch import run_replicates
from negotiation_abm.run.rl import NegotiationEnv
from negotiation_abm.run.strategy_check import situations

SEED, RUNS = 3, 2
changes = {"strategies.US": "tit_for_tat", "strategies.CHINA": "tit_for_tat", "noise.US": 0.3}
scenario = load_scenario("baseline_2025", changes)
game = build_game(scenario)
found = {}

models = [NegotiationModel(game, SEED, k).run_to_horizon() for k in range(RUNS)]
found["mesa"] = [m.tally.num_moves.tolist() for m in models]

found["compiled"] = run_replicates(game, SEED, 0, RUNS).runs["num_moves"].tolist()

env = NegotiationEnv(game)
env.reset(seed=SEED)
found["environment"] = []
for agent in env.agent_iter():
    truncated = env.last()[3]
    found["environment"].append(agent)
    env.step(None if truncated else env.choice())

session = Session(Start(scenario="baseline_2025", set=changes, side="US", seed=SEED))
session.play_on()
found["play"] = session.model.tally.num_moves.tolist()

order = []
plain = build_game(load_scenario("baseline_2025"))
replay_record(
    plain,
    load_record("record_2025"),
    on_decision=lambda state, week, player, option, date: order.append(player),
)
found["replay"] = order

found["check"] = [s.player for s in situations(game, SEED, 12)]
print(json.dumps(found))
"""


def played(folder: Path, **places: str) -> dict[str, object]:
    places["PYTHONPATH"] = str(folder / "src")
    environment = {k: v for k, v in os.environ.items() if k != "NEGOTIATION_ABM_CACHE"} | places
    words = [sys.executable, "-c", PLAY]
    done = subprocess.run(
        words, env=environment, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("in_one_place", [False, pytest.param(True, marks=pytest.mark.verify)])
def test_a_change_of_the_order_reaches_every_way_of_playing(tmp_path, in_one_place):
    for name in ("src", "configs", "seeds"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    text = (tmp_path / TURN).read_text()
    assert text.count(BEFORE) == 1
    cache = {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    as_it_is = played(tmp_path, **cache) if in_one_place else played(ROOT)
    (tmp_path / TURN).write_text(text.replace(BEFORE, AFTER))
    changed = played(tmp_path, **cache)
    assert as_it_is["mesa"] == as_it_is["compiled"]
    assert changed["mesa"] == changed["compiled"]
    for way, moves in as_it_is.items():
        assert changed[way] != moves, f"{way} has an order of its own"
