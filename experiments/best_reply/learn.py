"""A best reply to the quantal response, learned by a table in the PettingZoo environment.

    pip install 'negotiation-abm[rl]'
    python experiments/best_reply/learn.py            # some minutes

A table names one of the five kinds of moves in each of 16 situations. It is searched by the
cross-entropy method (Rubinstein 1999): tables are drawn, each is played against China's `logit` in
the same few runs, and the chances from which the next ones are drawn move towards the best. The
table that comes out is written as a strategy file and played in the compiled run against the same
opponent, beside every shipped strategy, in runs that it has not seen.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from table_strategy import carried_out, situation  # noqa: E402

from negotiation_abm import build_game, load_scenario  # noqa: E402
from negotiation_abm.run.paired import mean_difference  # noqa: E402
from negotiation_abm.run.play import play_one  # noqa: E402
from negotiation_abm.run.rl import NegotiationEnv  # noqa: E402
from negotiation_abm.run.strategy_check import use_file  # noqa: E402
from negotiation_abm.strategies import code_of, shipped_names  # noqa: E402

LEARNER, PLAYER = "US", 0
SITUATIONS, MOVES = 16, 5
TABLES, BEST = 40, 8  # drawn in each generation, and those that are followed
KEPT = 0.3  # of the former chances


def learn(scenario: str, generations: int, episodes: int, seed: int) -> np.ndarray:
    """Kind of move in each situation, shape (16,)."""
    env, rng = NegotiationEnv(scenario), np.random.default_rng(seed)
    chances = np.full((SITUATIONS, MOVES), 1.0 / MOVES)
    for generation in range(generations):
        tables = np.array([[rng.choice(MOVES, p=row) for row in chances] for _ in range(TABLES)])
        seeds = [10_000 * seed + generation * episodes + n for n in range(episodes)]
        payoffs = np.array([np.mean([play(env, table, s) for s in seeds]) for table in tables])
        best = tables[np.argsort(payoffs)[-BEST:]]
        counts = (best[:, :, None] == np.arange(MOVES)).mean(axis=0)
        chances = KEPT * chances + (1.0 - KEPT) * counts
        print(
            f"generation {generation + 1} of {generations}: mean payoff {payoffs.mean():.3f}, "
            f"best {payoffs.max():.3f}",
            file=sys.stderr,
        )
    return chances.argmax(axis=1)


def play(env: NegotiationEnv, table: np.ndarray, seed: int) -> float:
    """Mean weekly payoff of one run in which the learner moves by the table."""
    env.reset(seed=seed)
    total = weeks = 0.0
    for agent in env.agent_iter():
        _, reward, _, truncated, _ = env.last(observe=False)
        if agent != LEARNER:
            env.step(None if truncated else env.choice())
            continue
        total, weeks = total + reward, weeks + (reward != 0.0)
        if truncated:
            env.step(None)
            continue
        move = int(table[situation(env.model.state, PLAYER)])
        env.step(carried_out(env.model.state, env.model.params, PLAYER, move))
    return total / weeks


def write_strategy(learned: np.ndarray, path: Path) -> None:
    """The table as a strategy file."""
    text = (HERE / "table_strategy.py").read_text(encoding="utf-8")
    table = ", ".join(str(move) for move in learned)
    path.write_text(text.replace("TABLE = (0,) * 16", f"TABLE = ({table})"), encoding="utf-8")


def compare(scenario: str, name: str, replicates: int, seed: int) -> pd.DataFrame:
    """Payoff of each strategy against the scenario's opponent, less that of `logit`, paired."""
    game = build_game(load_scenario(scenario))
    payoffs, truce, flow = {}, {}, f"{game.players[PLAYER]}.flow"
    for strategy in ("logit", name, *(s for s in shipped_names() if s != "logit")):
        onward = replace(game, strategy_codes=(code_of(strategy), game.strategy_codes[1]))
        played = play_one(onward, [flow, "share_in_truce"], replicates, seed)
        payoffs[strategy] = played[flow]
        truce[strategy] = played["share_in_truce"].mean()
    rows = []
    for strategy, values in payoffs.items():
        found = mean_difference(payoffs["logit"], values)
        rows.append((strategy, found.changed, found.difference, found.low, found.high,
                     truce[strategy]))  # fmt: skip
    columns = ["strategy", "payoff", "less_logit", "low", "high", "share_in_truce"]
    return pd.DataFrame(rows, columns=columns).sort_values("payoff", ascending=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenario", default="baseline_2025")
    parser.add_argument("--generations", type=int, default=12)
    parser.add_argument("--episodes", type=int, default=6, help="runs a table")
    parser.add_argument("--replicates", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("results/best_reply"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    learned = learn(options.scenario, options.generations, options.episodes, options.seed)
    path = options.out / "learned_best_reply.py"
    write_strategy(learned, path)
    table = compare(options.scenario, use_file(path), options.replicates, options.seed + 1)
    table.to_csv(options.out / "best_reply.csv", index=False, float_format="%.6g")
    print(table.round(3).to_string(index=False))
    print(f"learned strategy: {path}")


if __name__ == "__main__":
    main()
