import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qatoolkit.metrics import holm


@pytest.mark.parametrize(
    ("p", "adjusted"),
    [
        ([], []),
        ([0.2], [0.2]),
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
        ([0.5, 0.6], [1.0, 1.0]),
        ([0.02, 0.02, 0.02], [0.06, 0.06, 0.06]),
    ],
)
def test_by_hand(p, adjusted):
    assert holm(np.array(p, dtype=np.float64)) == pytest.approx(adjusted)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20), st.sampled_from([0.01, 0.05, 0.2]))
def test_rejects_what_stepping_down_rejects(p, level):
    """Holm's procedure as he gives it: from the smallest on, until one is too large for its place."""
    rejected = set()
    for place, i in enumerate(sorted(range(len(p)), key=p.__getitem__)):
        if p[i] * (len(p) - place) > level:
            break
        rejected.add(i)
    assert {i for i, value in enumerate(holm(np.array(p))) if value <= level} == rejected


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_keeps_the_order_and_never_lowers(p):
    values = np.array(p)
    adjusted = holm(values)
    assert (adjusted >= values).all()
    assert (adjusted <= 1).all()
    assert (np.diff(adjusted[np.argsort(values, kind="stable")]) >= 0).all()
