import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qatoolkit.metrics import Paired, interval, mcnemar, paired


def scores(seed, k=300, gain=0.0):
    generator = np.random.default_rng(seed)
    hard = generator.random(k)
    return np.clip(hard + generator.normal(gain, 0.1, k), 0, 1), hard


def test_the_interval_is_that_of_the_differences():
    this, other = scores(1, gain=0.02)
    labels = [i // 3 for i in range(300)]
    found = paired(this, other, labels, n=1000)
    assert found.difference == pytest.approx(this.mean() - other.mean())
    assert (found.low, found.high) == interval(this - other, labels, n=1000)
    assert found == paired(this, other, labels, n=1000)


def test_swapping_the_systems_turns_the_sign_and_keeps_p():
    this, other = scores(2, gain=0.01)
    one, two = (paired(*pair, range(300), n=2000) for pair in ((this, other), (other, this)))
    assert two.difference == pytest.approx(-one.difference)
    assert (two.low, two.high) == (pytest.approx(-one.high), pytest.approx(-one.low))
    assert two.p == one.p


def test_p_of_equal_means_is_rarely_small_and_that_of_a_gain_is():
    null = [paired(*scores(seed), range(300), n=500).p for seed in range(200)]
    # Clipping leans by about a tenth of a standard error; 5% of 200 are 10.
    assert sum(p < 0.05 for p in null) < 25
    assert np.mean(null) > 0.4
    assert paired(*scores(3, gain=0.05), range(300), n=2000).p == pytest.approx(1 / 2001)


def test_p_is_that_of_all_resamples_where_there_are_few():
    differences = np.array([0.3, -0.1, 0.2, 0.25])
    observed = differences.mean()
    every = [np.mean(drawn) - observed for drawn in itertools.product(differences, repeat=4)]
    exact = np.mean([abs(value) >= abs(observed) - 1e-12 for value in every])
    assert paired(differences, np.zeros(4), range(4), n=20_000).p == pytest.approx(exact, abs=0.01)


def test_clusters_that_agree_make_a_difference_less_sure():
    generator = np.random.default_rng(5)
    gains = np.repeat(generator.normal(0.05, 0.3, 40), 10)
    together = paired(gains, np.zeros(400), np.repeat(np.arange(40), 10).tolist(), n=2000)
    apart = paired(gains, np.zeros(400), range(400), n=2000)
    assert together.p > apart.p
    assert together.high - together.low > 2 * (apart.high - apart.low)


def test_no_difference_at_all():
    same = np.random.default_rng(6).random(50)
    assert paired(same, same, range(50), n=100) == Paired(0.0, 0.0, 0.0, 1.0)


@pytest.mark.parametrize(("k", "difference"), [(0, 0.0), (4, 0.5)])
def test_one_cluster_tells_no_more_than_the_difference(k, difference):
    found = paired(np.full(k, 0.5), np.zeros(k), ["a"] * k)
    assert (found.difference, found.p) == (difference, 1.0)
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="2 scores against 3"):
        paired(np.ones(2), np.ones(3), range(2))
    with pytest.raises(ValueError, match="3 cluster labels for 2 values"):
        paired(np.ones(2), np.ones(2), range(3))


@pytest.mark.parametrize(
    ("only_this", "only_other", "p"),
    [
        (0, 0, 1.0),
        (1, 0, 1.0),
        (10, 10, 1.0),
        (0, 10, 2 / 2**10),
        (1, 9, 2 * (1 + 10) / 2**10),
        (5, 15, 0.04138946533203125),
        (59, 121, 4.434444e-06),
    ],
)
def test_mcnemar_by_known_values(only_this, only_other, p):
    assert mcnemar(only_this, only_other) == pytest.approx(p, rel=1e-5)


@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemar_follows_the_binomial_distribution(only_this, only_other):
    total = only_this + only_other
    tail = sum(math.comb(total, k) for k in range(min(only_this, only_other) + 1))
    assert mcnemar(only_this, only_other) == pytest.approx(min(1.0, 2 * tail / 2**total), rel=1e-9)
    assert mcnemar(only_this, only_other) == mcnemar(only_other, only_this)
