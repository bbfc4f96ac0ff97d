"""Texts that are nearly the same hang together, however many there are."""

from __future__ import annotations

import tracemalloc

from qatoolkit.corpus.similar import NearDuplicates, shingles

NILE = "The Nile is the longest river of Africa and flows north to the sea, past sand and stone. " * 3
OSLO = "Oslo is a cold town by a fjord, with hills around it and islands in front of its harbour. " * 3


def grouped(texts: list[str]) -> dict[int, int]:
    found = NearDuplicates()
    for key, text in enumerate(texts):
        found.add(key, text)
    return found.groups()


def test_groups_name_their_first_text():
    assert grouped([OSLO, NILE + "a", "something else", NILE + "b", OSLO + "!"]) == {0: 0, 4: 0, 1: 1, 3: 1}


def test_a_crowd_of_texts_is_grouped_without_holding_all_its_pairs():
    found = NearDuplicates()
    for key in range(1500):
        found.add(key, NILE + str(key))
    tracemalloc.start()
    groups = found.groups()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert groups == dict.fromkeys(range(1500), 0)
    assert peak < 1500**2  # a list of all pairs takes eight bytes for each


def test_shingles_know_neither_case_nor_blanks():
    assert shingles("Ån är lång") == shingles("ån Ä R\nlång")
    assert shingles("ab") == ["ab"]
    assert shingles("") == [""]
