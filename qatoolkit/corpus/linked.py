"""Connected components over numbered nodes, on whole arrays of edges at a time.

A forest is an array in which every node points at a node that is not larger than itself, a root at
itself; `numpy.arange(n)` is the forest in which nothing is linked. The root of a component is its
smallest node, whatever the order in which its edges came. What the nodes are is the caller's business.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Nodes = NDArray[np.int64]


def link(forest: Nodes, some: Nodes, others: Nodes) -> None:
    """Joins, in place, the components of `some[i]` and `others[i]` for every i."""
    while some.size:
        some, others = find(forest, some), find(forest, others)
        apart = some != others
        some, others = some[apart], others[apart]
        # A root that is to go below several hangs below the smallest; the next round sees to the rest.
        np.minimum.at(forest, np.maximum(some, others), np.minimum(some, others))


def find(forest: Nodes, nodes: Nodes) -> Nodes:
    """The root of each node; paths are halved on the way, so that long ones are walked only once."""
    while True:
        above = forest[nodes]
        further = forest[above]
        if np.array_equal(above, further):
            return above
        forest[nodes] = further
