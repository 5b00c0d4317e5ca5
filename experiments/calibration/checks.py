"""Numbers of docs/calibration.md that no single command prints.

    OPENBLAS_NUM_THREADS=1 python experiments/calibration/checks.py [SECTION ...]

Sections (all by default): data, identification, fatigue, scores, coding, recovery. Seeds are
fixed: two runs print the same. One thread for the linear algebra is several times faster here.
"""

import sys
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

import numpy as np
import pandas as pd

from negotiation_abm import Game, Record, build_game, load_record, load_scenario
from negotiation_abm.calibration.baselines import types_of
from negotiation_abm.calibration.features import (
    Data,
    _unit_parameters,
    coefficients_of,
    collect,
)
from negotiation_abm.calibration.fit import Fit, fit, interval, profile
from negotiation_abm.calibration.identification import identification_table
from negotiation_abm.calibration.likelihood import Likelihood
from negotiation_abm.calibration.priors import Prior, load_prior
from negotiation_abm.calibration.scores import MODEL, leave_one_month_out, log_scores
from negotiation_abm.core.params import derive
from negotiation_abm.core.payoffs import option_value
from negotiation_abm.core.terms import NUM_OPTIONS, Forum, Move, lever_of, move_of
from negotiation_abm.core.transitions import is_legal
from negotiation_abm.model import NegotiationModel
from negotiation_abm.record import Row
from negotiation_abm.replay import replay_record

SCENARIO, RECORD = "baseline_2025", "record_2025"
SETTLING = np.isin([move_of(o) for o in range(NUM_OPTIONS)], (Move.CONCEDE, Move.SUSPEND))
LEVEL = 0.9
DROP = 1.353  # nats that a parameter loses at the ends of a 90 % interval
RECORDS = 60  # synthetic ones
WEEKS = 50
LEVER_DRAWS = 40
LEVER_SPREAD = 0.35


@dataclass(frozen=True)
class Case:
    """A record under a scenario, with what its fit needs."""

    game: Game
    record: Record
    data: Data
    prior: Prior


def case(changes=None, skip_illegal=False) -> Case:
    """The record of 2025 under the baseline, with some of its values changed."""
    game, record = build_game(load_scenario(SCENARIO, changes or {})), load_record(RECORD)
    data = collect(game, record, skip_illegal)
    return Case(game, record, data, load_prior(data))


@cache
def shipped() -> Case:
    return case()


def place(data, label):
    return [c.label for c in data.coefficients].index(label)


def fatigue_of(data, prior, likelihood=None):
    """Estimate, error, and what holding it at 0 costs (log-posterior, log-likelihood)."""
    likelihood = likelihood or Likelihood(data)
    k = place(data, "fatigue")
    free = fit(data, prior, likelihood)
    zero = fit(data, prior, likelihood, {k: 0.0}, free.theta)
    assert free.converged
    assert zero.converged
    return (
        free.theta[k],
        free.errors[k],
        free.log_posterior - zero.log_posterior,
        free.log_likelihood - zero.log_likelihood,
    )


def line(name, data, prior, likelihood=None):
    estimate, error, posterior, bare = fatigue_of(data, prior, likelihood)
    print(
        f"  {name:46s} {estimate:6.2f} ({error:.2f})   0 costs {posterior:.2f} nats of "
        f"log-posterior, {bare:.2f} of log-likelihood"
    )


def spread(values):
    low, mid, high = np.quantile(values, [0.1, 0.5, 0.9])
    return f"median {mid:.2f}, 10 to 90 % {low:.2f} to {high:.2f}, all {min(values):.2f} to " + (
        f"{max(values):.2f}"
    )


# ---------------------------------------------------------------------------
# Data


def data_section():
    """Counts."""
    data, record = shipped().data, shipped().record
    kinds = types_of(data)
    print(f"  {len(data.chosen)} decisions, {(kinds != Move.HOLD).sum()} moves")
    for player, label in enumerate(data.game.players):
        own = kinds[data.player == player]
        counts = {move.name: int((own == move).sum()) for move in Move}
        print(f"  {label}: {len(own)} decisions, {counts}")
    for month in np.unique(data.months()):
        here = data.months() == month
        print(f"  {month}: {here.sum()} decisions, {(kinds[here] != 0).sum()} moves")
    moved = [known for known in data.certainty if known]
    counts = {known: moved.count(known) for known in sorted(set(moved))}
    print(f"  certainty of the moves: {counts}")
    print(f"  {len(record.rows)} rows in the record")
    held, possible = data.round_held.sum(), len(data.round_held)
    print(f"  {possible} weeks that could have a round, {held:.0f} with one")
    legal = data.legal.sum(axis=1)
    print(f"  legal options a decision: {legal.min()} to {legal.max()}, mean {legal.mean():.1f}")
    print(f"  {len(data.coefficients)} coefficients, held: {sorted(shipped().prior.fixed)}")
    print(f"  log-likelihood at the scenario's own values {total(data):.2f}")


def total(data):
    return Likelihood(data).value_and_gradient(data.point())[0]


# ---------------------------------------------------------------------------
# Identification


def identification_section():
    """Profiles against Laplace, correlations of the posterior, groups by what carries them."""
    one = shipped()
    result = fit(one.data, one.prior)
    table = identification_table(result)
    for group, part in table.groupby("rests_on"):
        print(f"  {group}: {len(part)}: {', '.join(part['coefficient'])}")
    clear = table[(table["low"] * table["high"] > 0) & (table["rests_on"] != "prior")]
    print(f"  90 % interval excludes 0: {', '.join(clear['coefficient'])}")
    print("  90 % intervals: Laplace, and by the profile of the log-posterior; range of the")
    print("  log-likelihood over the profile (3 errors to each side)")
    for k, coefficient in enumerate(one.data.coefficients):
        if k in one.prior.fixed:
            continue
        rows = profile(result, k, points=25)
        low, high = interval(result, k, LEVEL)
        inner, outer = profile_interval(rows)
        print(
            f"  {coefficient.label:32s} {low:6.2f} {high:6.2f}   {inner:6.2f} {outer:6.2f}   "
            f"{np.ptp(rows[:, 1]):6.2f}"
        )
    print_correlations(result)
    print_in_play(one.data)


def profile_interval(rows):
    """Where the log-posterior has dropped by `DROP`, on both sides."""
    ends = []
    for (x0, y0), (x1, y1) in pairwise(rows[:, [0, 2]]):
        if (y0 + DROP) * (y1 + DROP) < 0:
            ends.append(x0 + (x1 - x0) * (-DROP - y0) / (y1 - y0))
    return min(ends), max(ends)


def print_correlations(result):
    free = np.flatnonzero(result.errors > 0)
    labels = np.array([c.label for c in result.data.coefficients])
    scale = np.where(result.errors > 0, result.errors, np.inf)
    table = result.covariance / np.outer(scale, scale)
    k = place(result.data, "fatigue")
    others = sorted((o for o in free if o != k), key=lambda o: -abs(table[k, o]))
    shown = ", ".join(f"{labels[o]} {table[k, o]:+.2f}" for o in others[:6])
    print(f"  correlation of fatigue with: {shown}")
    pairs = [(table[a, b], labels[a], labels[b]) for a in free for b in free if a < b]
    for value, a, b in sorted(pairs, key=lambda item: -abs(item[0]))[:6]:
        print(f"  correlation {value:+.2f}: {a}, {b}")


def print_in_play(data):
    """In how many decisions a term could be chosen, and in how many it was."""
    for label in ("breach_cost", "follow", "acceptance", "shadow"):
        weights = data.features[:, :, place(data, label)]
        chosen = weights[np.arange(len(weights)), data.chosen]
        print(
            f"  {label}: in play in {(weights != 0).any(axis=1).sum()} decisions, chosen in "
            f"{(chosen != 0).sum()}"
        )


# ---------------------------------------------------------------------------
# Fatigue


@cache
def felt_series(changes=()):
    """Felt pain at the start of each week, shape (weeks, 2); each lever's part, (weeks, 9)."""
    one = case(dict(changes), skip_illegal=True)
    whole = felt_of(one.game, one.record)
    parts = []
    for _, _, label in one.game.lever_labels():
        without = build_game(
            load_scenario(SCENARIO, dict(changes) | {f"levers.{label}.weight": 0.0})
        )
        parts.append((whole - felt_of(without, one.record)).sum(axis=1))  # the opponent's alone
    return whole, np.stack(parts, axis=1)


def felt_of(game, record):
    rows = []
    replay_record(game, record, True, on_week=lambda state: rows.append(state.felt.copy()))
    return np.array(rows)


def with_felt(data, felt):
    """The same data with another series of felt pain, shape (weeks, 2), behind `fatigue`."""
    k = place(data, "fatigue")
    features, rounds = data.features.copy(), data.round_features.copy()
    features[:, :, k] = felt[data.turn, data.player][:, None] * (data.legal & SETTLING)
    rounds[:, k] = felt[data.round_turn].mean(axis=1)
    return replace(data, features=features, round_features=rounds)


def fatigue_section():
    one = shipped()
    data, prior = one.data, one.prior
    felt, parts = felt_series()
    np.testing.assert_allclose(with_felt(data, felt).features, data.features, atol=1e-12)
    np.testing.assert_allclose(parts.sum(axis=1), felt.sum(axis=1), atol=1e-12)
    k = place(data, "fatigue")
    line("as shipped", data, prior)
    print_evidence(data, prior)
    print_own_pain(data, prior, felt)
    print_levers(one, felt, parts)
    for memory in (0.3, 0.6, 0.8):
        other = case({"felt_memory": memory})
        line(f"felt_memory {memory}", other.data, other.prior)
    for sd in (1.0, 1.5, 3.0, 6.0):
        line(f"prior sd {sd}", data, with_sd(prior, k, sd))
    print_lever_weights()
    print_shifts(data, prior, felt)


def with_sd(prior, k, sd):
    covariance = prior.covariance.copy()
    covariance[k, k] = sd**2
    return Prior(prior.mean, covariance)


def print_evidence(data, prior):
    """Which part of the record carries it."""
    everything = np.ones(len(data.chosen), bool)
    rounds = np.ones(len(data.round_held), bool)
    nothing = np.zeros(len(data.round_held), bool)
    line("choices alone, no rounds", data, prior, Likelihood(data, everything, nothing))
    kinds = types_of(data)
    for label, player in (("choices of US, rounds", 0), ("choices of CHINA, rounds", 1)):
        line(label, data, prior, Likelihood(data, data.player == player, rounds))
    quiet, weeks = data.months() <= 202503, data.round_months() <= 202503
    print(
        f"  January to March: {quiet.sum()} decisions, {(kinds[quiet] != 0).sum()} moves, "
        f"{int(data.round_held[weeks].sum())} rounds in {weeks.sum()} weeks"
    )
    line("without January to March", data, prior, Likelihood(data, ~quiet, ~weeks))
    for month in np.unique(data.months()):
        here, there = data.months() == month, data.round_months() == month
        line(f"without {month}", data, prior, Likelihood(data, ~here, ~there))


def print_own_pain(data, prior, felt):
    """One's own pain, the other's, or that of both."""
    print(f"  correlation of felt between the sides, {len(felt)} weeks: {correlation(felt):.3f}")
    early = felt[:13:4].round(2).tolist()
    print(f"  felt (US, CHINA) at the start of weeks 0, 4, 8, 12: {early}")
    print(f"  mean of felt {felt.mean(axis=0).round(3)}, sd {felt.std(axis=0).round(3)}")
    for name, series in (
        ("own pain", felt),
        ("the opponent's pain", felt[:, ::-1]),
        ("mean of both", np.repeat(felt.mean(axis=1, keepdims=True), 2, axis=1)),
    ):
        changed = with_felt(data, series)
        best = fit(changed, prior)
        line(f"{name}: log-likelihood {best.log_likelihood:.2f}", changed, prior)


def correlation(felt):
    return np.corrcoef(felt.T)[0, 1]


def print_levers(one, felt, parts):
    """Are levers told apart? Leave out each lever's part; correlations between parts."""
    labels = [label for _, _, label in one.game.lever_labels()]
    owners = np.array([i for i, _, _ in one.game.lever_labels()])
    best = fit(one.data, one.prior).log_posterior
    for a, label in enumerate(labels):
        series = felt.copy()
        series[:, 1 - owners[a]] -= parts[:, a]
        changed = with_felt(one.data, series)
        loss = best - fit(changed, one.prior).log_posterior
        share = parts[:, a].sum() / felt[:, 1 - owners[a]].sum()
        line(f"without {label} ({share:.2f}): {loss:+.2f} nats worse", changed, one.prior)
    used = parts.std(axis=0) > 0
    table = np.corrcoef(parts[:, used].T)
    values = table[np.triu_indices(len(table), 1)]
    print(f"  correlations between the parts of levers: {values.min():.2f} to {values.max():.2f}")


def print_lever_weights():
    """Refits with every weight times lognormal(0.35)."""
    rng = np.random.default_rng(1)
    labels = [label for _, _, label in shipped().game.lever_labels()]
    levers = shipped().game.scenario.levers
    estimates, costs, effects = [], [], []
    for _ in range(LEVER_DRAWS):
        factors = np.exp(LEVER_SPREAD * rng.standard_normal(len(labels)))
        changes = {"tolerance": 100.0}  # or a heavy draw would end the truce in October
        for label, factor in zip(labels, factors, strict=True):
            player, lever = label.split(".")
            changes[f"levers.{label}.weight"] = float(levers[player][lever].weight * factor)
        drawn = case(changes)
        estimate, _, cost, _ = fatigue_of(drawn.data, drawn.prior)
        estimates.append(estimate)
        costs.append(cost)
        effects.append(estimate * felt_of(drawn.game, drawn.record).std())
    print(f"  weights times lognormal({LEVER_SPREAD}), {LEVER_DRAWS} draws: {spread(estimates)}")
    print(f"    cost of 0: {spread(costs)} nats")
    print(f"    fatigue times the sd of felt: {spread(effects)} nats")


def print_shifts(data, prior, felt):
    """The felt series moved around the year by whole weeks."""
    true = fit(data, prior).log_posterior
    losses = []
    for shift in range(1, len(felt)):  # in weeks
        moved = fit(with_felt(data, np.roll(felt, shift, axis=0)), prior)
        losses.append((true - moved.log_posterior, shift))
    as_well = [shift for loss, shift in losses if loss <= 0]
    print(f"  circular shifts that fit as well: {len(as_well)} of {len(losses)}: {as_well}")
    print(f"  how much worse the shifts fit, in nats: {spread([loss for loss, _ in losses])}")
    for loss, shift in sorted(losses)[:5]:
        print(f"    shift by {shift} weeks: {loss:+.2f} nats worse")


# ---------------------------------------------------------------------------
# Scores


def scores_section():
    """What fatigue and each group of terms add out of sample; who gains when."""
    one = shipped()
    months = one.data.months()
    full = leave_one_month_out(one.data, one.prior)
    for label in ("fatigue", "acceptance", "reciprocity", "breach_cost", "mirror", "lever_bias"):
        covariance = one.prior.covariance.copy()
        held = [k for k, c in enumerate(one.data.coefficients) if c.parameter == label]
        covariance[held, :] = covariance[:, held] = 0.0
        less = leave_one_month_out(one.data, Prior(one.prior.mean, covariance))
        gaps = (full[MODEL] - less[MODEL]).sum(axis=0)
        blocks = np.array(
            [(full[MODEL] - less[MODEL])[months == m].sum(axis=0) for m in np.unique(months)]
        )
        errors = np.sqrt(len(blocks)) * blocks.std(axis=0, ddof=1)
        print(
            f"  {label} free against 0: type {gaps[0]:+.2f} ({errors[0]:.2f}), type and lever "
            f"{gaps[1]:+.2f} ({errors[1]:.2f})"
        )
    fitted = log_scores(one.data, fit(one.data, one.prior).theta).mean(axis=0)
    print(f"  in sample, refitted on all: {fitted[0]:.3f} (type), {fitted[1]:.3f} (with lever)")
    best = max((v[:, 0].mean(), n) for n, v in full.items() if n != MODEL)[1]
    gap = (full[MODEL] - full[best])[:, 0]
    shown = ", ".join(f"{m % 100}: {gap[months == m].sum():+.1f}" for m in np.unique(months))
    print(f"  gain on types over {best}, by month: {shown}")


# ---------------------------------------------------------------------------
# Coding


def coding_section():
    """Which rows count, and which are in the record at all."""
    one = shipped()
    wanted = ("fatigue", "acceptance", "reciprocity", "breach_cost", "mirror")
    for name, known in (
        ("all rows", ("seed", "outside", "general_knowledge")),
        ("without general_knowledge, state kept", ("seed", "outside")),
        ("only seed, state kept", ("seed",)),
    ):
        use = np.array([c == "" or c in known for c in one.data.certainty])
        print_coding(name, one.data, one.prior, Likelihood(one.data, use), wanted, use)
    for name, known in (
        ("without general_knowledge, rows removed", ("seed", "outside")),
        ("only seed, rows removed", ("seed",)),
    ):
        rows = tuple(row for row in one.record.rows if row.certainty in known)
        record = Record(one.record.path, rows)
        replayed = replay_record(one.game, record, True)
        illegal = [
            u for u in replayed.unplaced if "not legal" in u.reason or "to level" in u.reason
        ]
        data = collect(one.game, record, skip_illegal=True)
        use = np.ones(len(data.chosen), bool)
        print_coding(name, data, load_prior(data), Likelihood(data), wanted, use)
        rounds = int(data.round_held.sum())
        print(f"    rounds left {rounds}; illegal in what is left, skipped: {len(illegal)}")


def print_coding(name, data, prior, likelihood, wanted, use):
    result = fit(data, prior, likelihood)
    moves = int((data.chosen[use] != 0).sum())
    line(f"{name}: {use.sum()}, {moves} moves", data, prior, likelihood)
    values = [(label, place(data, label)) for label in wanted[1:]]
    shown = (f"{label} {result.theta[k]:.2f} ({result.errors[k]:.2f})" for label, k in values)
    print(f"    {', '.join(shown)}")


# ---------------------------------------------------------------------------
# Recovery


class Recorder(NegotiationModel):
    """A free run that writes its own record, and keeps what each choice weighed."""

    def __init__(self, game, seed, replicate, watched=False):
        self.rows, self.seen = [], []
        self.units = _unit_parameters(game, coefficients_of(game))[1] if watched else []
        super().__init__(game, seed=seed, replicate=replicate)

    def carry_out(self, player, option, step, lead, frailty):
        move, lever = Move(int(move_of(option))), int(lever_of(option))
        room = self.params.cap[player] - self.state.in_force[player] - self.state.loaded[player]
        self.note_forum()
        if self.units:
            self.watch(player, option)
        super().carry_out(player, option, step, lead, frailty)
        if move == Move.HOLD:
            return
        columns = {}
        if move >= Move.ESCALATE:
            level = self.state.in_force[player, lever]
            if move == Move.THREATEN:
                level = min(step, room[lever])
                columns["lead_weeks"] = int(lead)
            names = self.game.lever_names[player]
            columns |= {"lever": names[lever], "level": float(level)}
        self.write(self.game.players[player], move.name, **columns)

    def watch(self, player, option):
        """Features of this choice, HOLD included."""
        legal = np.zeros(NUM_OPTIONS, bool)
        values = np.zeros((NUM_OPTIONS, len(self.units)))
        for other in range(2 + 3 * self.params.num_levers[player]):
            legal[other] = is_legal(self.state, self.params, player, other)
            if legal[other]:
                values[other] = [
                    option_value(self.state, unit, self.week, player, other) for unit in self.units
                ]
        self.seen.append((values, legal, option, player, self.state.turn))

    def note_forum(self):
        """The meeting of the week stands before its moves."""
        state, date = self.state, self.game.scenario.date_of(self.state.turn)
        if state.forum != Forum.NONE and not any(
            row.date == date and row.player == "both" for row in self.rows
        ):
            self.write("both", Forum(int(state.forum)).name)

    def write(self, player, move, **columns):
        number = len(self.rows) + 1
        date = self.game.scenario.date_of(self.state.turn)
        row = Row(line=number, id=f"F{number}", date=date, player=player, move=move, **columns)
        self.rows.append(row)


def free_record(game, seed, replicate, weeks=WEEKS, watched=False):
    """Record and final state of a free run of the readable model."""
    model = Recorder(game, seed, replicate, watched)
    for _ in range(weeks):
        model.step()
    return Record(game.scenario.path, tuple(model.rows)), model


def game_at(changes, theta=None):
    """The baseline with some values changed, and coefficients `theta` put in as they are."""
    game = build_game(load_scenario(SCENARIO, changes))
    if theta is None:
        return game
    params = game.params.copy()
    for coefficient, value in zip(shipped().data.coefficients, theta, strict=True):
        params[coefficient.parameter][(0, *coefficient.index)] = value
    derive(params)
    return replace(game, params=params)


def as_played(data, seen):
    """The same data with every choice that was made, not those that a record lets one see."""
    names = ("features", "legal", "chosen", "player", "turn")
    played = {n: np.array(part) for n, part in zip(names, zip(*seen, strict=True), strict=True)}
    return replace(data, offset=np.zeros(played["legal"].shape), **played)


def recovery(game, records=RECORDS, seed=2025, every_hold=False):
    """Fits to synthetic records: one row a record and coefficient."""
    rows = []
    for replicate in range(records):
        record, model = free_record(game, seed, replicate, watched=every_hold)
        data = collect(game, record)
        if every_hold:
            data = as_played(data, model.seen)
        prior = load_prior(data)
        result: Fit = fit(data, prior)
        truth = data.point()
        for k, coefficient in enumerate(data.coefficients):
            if k in prior.fixed:
                continue
            low, high = interval(result, k, LEVEL)
            rows.append(
                {
                    "record": replicate,
                    "coefficient": coefficient.label,
                    "truth": truth[k],
                    "estimate": result.theta[k],
                    "error": result.errors[k],
                    "ratio": result.errors[k] / np.sqrt(prior.covariance[k, k]),
                    "covered": low <= truth[k] <= high,
                    "moves": int((data.chosen != 0).sum()),
                    "converged": result.converged,
                }
            )
    return pd.DataFrame(rows)


def recovery_table(found):
    """Bias, spread and coverage by coefficient; `carried`: the records in which data carry it."""
    parts = found.assign(
        bias=found["estimate"] - found["truth"], carried=(found["ratio"] < 0.5).astype(float)
    ).groupby("coefficient", sort=False)
    return pd.DataFrame(
        {
            "truth": parts["truth"].first(),
            "mean": parts["estimate"].mean(),
            "bias": parts["bias"].mean(),
            "bias_error": parts["bias"].std() / np.sqrt(parts.size()),
            "sd": parts["estimate"].std(),
            "mean_error": parts["error"].mean(),
            "coverage": parts["covered"].mean(),
            "carried": parts["carried"].mean(),
        }
    )


def recovery_section():
    at_fit = fit(shipped().data, shipped().prior).theta
    sound = {"truce_frailty": 0.0}
    for name, game, every_hold in (
        ("at start_2025, truce_frailty 0", game_at(sound), False),
        ("the same, with every HOLD seen as played", game_at(sound), True),
        ("at the fit, truce_frailty 0", game_at(sound, at_fit), False),
        ("at start_2025, truce_frailty 1.6", game_at({}), False),
    ):
        found = recovery(game, every_hold=every_hold)
        table = recovery_table(found)
        moves = found.groupby("record")["moves"].first()
        print(f"  {name}: {RECORDS} records, moves {moves.mean():.1f} ({moves.std():.1f})")
        print(table.round(2).to_string())
        fixed = table[table["carried"] >= 0.5]
        print(
            f"  carried in at least half of the records: {len(fixed)}; their coverage: mean "
            f"{fixed['coverage'].mean():.3f}, {fixed['coverage'].min():.2f} to "
            f"{fixed['coverage'].max():.2f}; all {len(table)}: {table['coverage'].mean():.3f}; "
            f"converged {found['converged'].mean():.3f}"
        )


SECTIONS = {
    "data": data_section,
    "identification": identification_section,
    "fatigue": fatigue_section,
    "scores": scores_section,
    "coding": coding_section,
    "recovery": recovery_section,
}


def main(names):
    for name in names or SECTIONS:
        if name not in SECTIONS:
            sys.exit(f"unknown section '{name}'; allowed: {', '.join(SECTIONS)}")
    for name in names or SECTIONS:
        print(f"\n[{name}]")
        SECTIONS[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
