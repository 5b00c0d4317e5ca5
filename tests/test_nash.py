"""Nash equilibria against nashpy and pygambit, and in exact arithmetic.

nashpy's support enumeration solves, for each pair of supports, a linear system whose last rows say
that options outside the support have probability 0, and refuses a solution with a negative entry,
without tolerance. With payoffs that differ by more than 1 the elimination pivots on them, and such
a 0 can come out as -1e-17: the equilibrium is dropped. With all payoffs small beside 1 the rows
that state the zeros are pivots, and the zeros come out as 0. A positive factor changes no
equilibrium, and a power of 2 changes no digit of a payoff: `scaled` gives nashpy the same game.
"""

import warnings
from fractions import Fraction

import nashpy
import numpy as np
import pygambit
import pytest
from nashpy.algorithms.support_enumeration import solve_indifference

from equilibrium_helpers import WEEKS, board_of, random_game
from helpers import trials
from negotiation_abm.studies.equilibrium.nash import nash, undominated
from negotiation_abm.studies.equilibrium.stage import stage_game

SAME = 1e-9  # largest difference of probabilities of one and the same equilibrium
SETS = ["start_2025", "calibrated_2025"]


@pytest.fixture(scope="module", params=[(week, name) for week in WEEKS for name in SETS])
def recorded(request):
    """The stage game of a week of 2025: 13 or 14 by 16 or 17 options."""
    week, name = request.param
    return stage_game(board_of(week, parameters=name)[1]).payoffs


def contains(pairs, pair):
    return any(
        np.abs(a - pair[0]).max() < SAME and np.abs(b - pair[1]).max() < SAME for a, b in pairs
    )


def is_same_set(first, second):
    return len(first) == len(second) and all(contains(second, pair) for pair in first)


def scaled(payoff):
    """The payoffs times a power of 2, which is exact, so that all are below 2^-20 in size."""
    _, exponent = np.frexp(np.abs(payoff).max())
    small = np.ldexp(payoff, -20 - int(exponent))
    np.testing.assert_array_equal(np.ldexp(small, 20 + int(exponent)), payoff)
    return small


def by_support(first, second, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an even number: degenerate, or one was dropped
        return list(nashpy.Game(first, second).support_enumeration(**options))


# ---------------------------------------------------------------------------
# Exact arithmetic: a float is a fraction.


def exact_mixture(payoff):
    """Mixture of columns that makes all rows worth the same, by elimination; None if singular."""
    size = len(payoff)
    rows = [[Fraction(float(x)) for x in row] + [Fraction(-1), Fraction(0)] for row in payoff]
    rows.append([Fraction(1)] * size + [Fraction(0), Fraction(1)])
    for column in range(size + 1):
        pivot = next((r for r in range(column, size + 1) if rows[r][column]), None)
        if pivot is None:
            return None
        rows[column], rows[pivot] = rows[pivot], rows[column]
        rows[column] = [x / rows[column][column] for x in rows[column]]
        for r in range(size + 1):
            if r != column and rows[r][column]:
                factor = rows[r][column]
                rows[r] = [x - factor * y for x, y in zip(rows[r], rows[column], strict=True)]
    return [row[-1] for row in rows[:size]]


def assert_exact_equilibrium(first, second, pair):
    """On its supports the pair has an exact counterpart from which no one gains by deviating."""
    rows, columns = (np.flatnonzero(mixture) for mixture in pair)
    small = np.ix_(rows, columns)
    q = exact_mixture(first[small])
    p = exact_mixture(second[small].T)
    assert min(p) > 0
    assert min(q) > 0
    assert sum(p) == sum(q) == 1
    np.testing.assert_allclose([float(x) for x in p], pair[0][rows], atol=SAME, rtol=0)
    np.testing.assert_allclose([float(x) for x in q], pair[1][columns], atol=SAME, rtol=0)
    for payoff, support, others, mixture in (
        (first, rows, columns, q),
        (second.T, columns, rows, p),
    ):
        worth = [
            sum(Fraction(float(payoff[i, j])) * x for j, x in zip(others, mixture, strict=True))
            for i in range(len(payoff))
        ]
        assert len({worth[i] for i in support}) == 1
        assert max(worth) == worth[support[0]]


@pytest.mark.parametrize("seed", range(0, 200, 5))
def test_equilibria_are_exact(seed):
    game = random_game(seed)
    for pair in nash(*game):
        assert_exact_equilibrium(*game, pair)


def test_a_pair_that_is_none_is_refused_by_the_exact_check():
    first, second = np.array([[3.0, 0.0], [5.0, 1.0]]), np.array([[3.0, 5.0], [0.0, 1.0]])
    with pytest.raises(AssertionError):
        assert_exact_equilibrium(first, second, (np.array([1.0, 0.0]), np.array([1.0, 0.0])))


# ---------------------------------------------------------------------------
# nashpy's support enumeration.


@trials(100, 400)
def test_equilibria_are_those_of_support_enumeration(trials):
    """Equality of sets on random games, to 1e-9, at nashpy's own settings."""
    for seed in range(trials):
        first, second = random_game(seed)
        ours = nash(first, second)
        assert len(ours) % 2 == 1, seed  # as in every non-degenerate game
        assert is_same_set(ours, by_support(scaled(first), scaled(second))), seed


@trials(100, 400)
def test_equilibria_of_games_with_ties_are_those_of_support_enumeration(trials):
    """Whole numbers from -3 to 3: many of these games are degenerate."""
    for seed in range(trials):
        rng = np.random.default_rng(seed)
        shape = rng.integers(2, 5, 2)
        first, second = (rng.integers(-3, 4, shape).astype(float) for _ in range(2))
        theirs = by_support(scaled(first), scaled(second), tol=SAME)
        assert is_same_set(nash(first, second), theirs), seed


@trials(100, 400)
def test_what_support_enumeration_drops_without_scaling_is_an_equilibrium(trials):
    """It drops some by rounding, adds none, and finds each once the payoffs are scaled."""
    games = dropped = 0
    for seed in range(trials):
        first, second = random_game(seed)
        ours, theirs = nash(first, second), by_support(first, second, tol=SAME)
        assert all(contains(ours, pair) for pair in theirs), seed
        missing = [pair for pair in ours if not contains(theirs, pair)]
        games, dropped = games + bool(missing), dropped + len(missing)
        for pair in missing:
            assert_exact_equilibrium(first, second, pair)
            rows, columns = (tuple(np.flatnonzero(mixture)) for mixture in pair)
            sides = ((first, rows, columns), (second.T, columns, rows))
            solved = [solve_indifference(*side) is not False for side in sides]
            again = [solve_indifference(scaled(a), *supports) for a, *supports in sides]
            assert not all(solved), seed  # the reason: a 0 that came out below 0
            assert all(solution is not False for solution in again), seed
    assert games > trials / 20  # else this would show nothing
    assert dropped >= games


def test_equilibria_of_recorded_weeks_are_those_of_support_enumeration(recorded):
    """On what is left once strictly dominated options are gone, in exact comparisons."""
    first, second = recorded
    rows, columns = undominated(first, second)
    assert_removed_are_dominated(first, second, rows, columns)
    small = np.ix_(rows, columns)
    theirs = by_support(scaled(first[small]), scaled(second[small]))
    whole = []
    for p, q in theirs:
        pair = np.zeros(len(first)), np.zeros(first.shape[1])
        pair[0][rows], pair[1][columns] = p, q
        whole.append(pair)
    ours = nash(first, second)
    assert is_same_set(ours, whole)
    for pair in ours:
        assert_exact_equilibrium(first, second, pair)


def assert_removed_are_dominated(first, second, rows, columns):
    """Options can be taken away one by one, each worse than another everywhere, down to these."""
    left = [set(range(len(first))), set(range(first.shape[1]))]
    kept = [set(rows.tolist()), set(columns.tolist())]
    while left != kept:
        before = sum(map(len, left))
        for player, payoff in enumerate((first, second.T)):
            others = sorted(left[1 - player])
            for i in sorted(left[player] - kept[player]):
                if any((payoff[i, others] < payoff[k, others]).all() for k in left[player] - {i}):
                    left[player].remove(i)
        assert sum(map(len, left)) < before, "an option was removed that is not dominated"


def test_equilibria_of_recorded_weeks_are_those_of_gambit(recorded):
    """The whole game, no option removed."""
    game = pygambit.StrategicGame.from_arrays(*recorded)
    found = pygambit.nash.enummixed_solve(game, rational=False).equilibria
    theirs = [
        tuple(np.array([float(share) for _, share in profile[player]]) for player in game.players)
        for profile in found
    ]
    assert is_same_set(nash(*recorded), theirs)


# ---------------------------------------------------------------------------
# Other programs and known games.


@pytest.mark.parametrize("seed", range(40))
def test_equilibria_are_those_of_vertex_enumeration(seed):
    first, second = random_game(seed)
    theirs = list(nashpy.Game(first, second).vertex_enumeration())
    assert is_same_set(nash(first, second), theirs)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([[3, 0], [5, 1]], [[3, 5], [0, 1]], [([0, 1], [0, 1])]),  # prisoner's dilemma
        (
            [[0, -1], [1, -10]],
            [[0, 1], [-1, -10]],  # chicken
            [([0, 1], [1, 0]), ([1, 0], [0, 1]), ([0.9, 0.1], [0.9, 0.1])],
        ),
        ([[1, -1], [-1, 1]], [[-1, 1], [1, -1]], [([0.5, 0.5], [0.5, 0.5])]),  # pennies
    ],
)
def test_equilibria_of_known_games(first, second, expected):
    found = nash(np.array(first, float), np.array(second, float))
    assert is_same_set(found, [(np.array(a, float), np.array(b, float)) for a, b in expected])


def test_removal_of_dominated_options_goes_on():
    # column 2 is dominated; without it row 1 is; then column 1
    first = np.array([[2.0, 3.0, 0.0], [1.0, 2.0, 9.0]])
    second = np.array([[3.0, 1.0, 0.0], [1.0, 3.0, 0.0]])
    rows, columns = undominated(first, second)
    assert (rows.tolist(), columns.tolist()) == ([0], [0])


def test_too_many_supports_are_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="too many to enumerate"):
        nash(rng.normal(size=(14, 14)), rng.normal(size=(14, 14)))
