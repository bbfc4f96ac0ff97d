import numpy as np
import pytest

from qatoolkit.metrics import interval


def test_equal_seeds_give_equal_intervals_and_others_do_not():
    values = np.random.default_rng(1).random(200)
    clusters = [i // 4 for i in range(200)]
    assert interval(values, clusters, seed=3) == interval(values, clusters, seed=3)
    assert interval(values, clusters, seed=3) != interval(values, clusters, seed=4)


def test_single_example_clusters_match_the_normal_approximation():
    values = np.random.default_rng(2).random(400)
    low, high = interval(values, range(400), n=4000)
    spread = 1.96 * values.std() / np.sqrt(400)
    assert low == pytest.approx(values.mean() - spread, abs=0.006)
    assert high == pytest.approx(values.mean() + spread, abs=0.006)


def test_clusters_that_agree_widen_the_interval():
    rights = np.random.default_rng(3).integers(0, 2, 40).astype(float)
    values = np.repeat(rights, 10)
    low, high = interval(values, np.repeat(np.arange(40), 10).tolist())
    narrow = interval(values, range(400))
    assert high - low > 2 * (narrow[1] - narrow[0])


def test_clusters_of_unequal_size_weigh_by_their_examples():
    values = np.array([1.0] * 99 + [0.0])
    low, high = interval(values, ["a"] * 99 + ["b"], n=200)
    assert (low, high) == (0.0, 1.0)


def test_one_cluster_has_no_interval():
    assert interval(np.ones(5), ["a"] * 5) is None
    assert interval(np.ones(0), []) is None


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="2 cluster labels for 3 values"):
        interval(np.ones(3), ["a", "b"])


def test_the_interval_is_about_the_mean_of_the_examples_not_of_the_clusters():
    """Nine examples in each right cluster, one in each wrong one: 90% are right, half of the clusters."""
    sizes = [9, 1] * 15
    clusters = [number for number, size in enumerate(sizes) for _ in range(size)]
    values = np.array([float(sizes[number] == 9) for number in clusters])
    low, high = interval(values, clusters)
    assert 0.75 < low < values.mean() < high < 1
