"""What the page carries is what the report holds, and never more than there is room for."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qatoolkit.analysis.page.data import pack


def unpacked_rows(unpacked, packed):
    data = unpacked(f'id="data">{packed.data}<')
    rows = [(title, context, row) for title, context, rows in data["contexts"] for row in rows]
    return data, sorted(rows, key=lambda row: row[2][0])


def test_every_example_is_there_with_all_that_is_known_of_it(small_report, unpacked):
    data, rows = unpacked_rows(unpacked, pack(small_report, {}, 10_000_000))
    assert len(rows) == len(small_report.cases)
    dropped = dict(small_report.dropped)
    for index, ((title, context, row), case) in enumerate(zip(rows, small_report.cases, strict=True)):
        example, prediction = case.example, case.prediction
        assert (title, context) == (example.title, example.context)
        assert row[:8] == [
            index, example.id, example.origin, example.question, list(example.answers), prediction.text,
            case.error_class, round(100 * case.f1, 1),
        ]  # fmt: skip
        assert row[8:13] == [
            prediction.score,
            [[one.text, one.score] for one in prediction.candidates],
            prediction.gold_rank,
            case.reason,
            dropped.get(index, ""),
        ]
        facets = [data["facets"][place]["values"][code] for place, code in enumerate(row[13])]
        assert facets == [*small_report.facets.row(index), small_report.comparison.others[index].error_class]
        assert row[15] == small_report.comparison.others[index].prediction.text
        spans = [list(span) if span else [] for span in (case.annotated, case.predicted)]
        assert row[14] == spans
    assert {name for name, _ in data["classes"].items()} >= {case.error_class for case in small_report.cases}


def test_a_context_is_written_once(small_report, unpacked):
    data, _ = unpacked_rows(unpacked, pack(small_report, {}, 10_000_000))
    contexts = [context for _, context, _ in data["contexts"]]
    assert len(contexts) == len(set(contexts)) == 12


def test_bands_keep_their_natural_order(small_report, unpacked):
    data, _ = unpacked_rows(unpacked, pack(small_report, {}, 10_000_000))
    (lengths,) = [facet["values"] for facet in data["facets"] if facet["name"] == "answer length"]
    order = small_report.facets["answer length"].dtype.categories.to_list()
    assert lengths == [value for value in order if value in lengths]


def test_right_examples_are_the_first_to_be_left_out_and_contexts_are_cut_last(build_report, unpacked):
    found = build_report(400)
    whole = pack(found, {}, 10_000_000)
    wrong = {index for index, case in enumerate(found.cases) if case.error_class != "exact"}

    only_wrong = pack(found, {}, len(whole.data) - 1)
    _, rows = unpacked_rows(unpacked, only_wrong)
    assert (only_wrong.shown, only_wrong.cut) == (len(wrong), False)
    assert {row[0] for _, _, row in rows} == wrong

    cut = pack(found, {}, len(only_wrong.data) - 1)
    _, rows = unpacked_rows(unpacked, cut)
    assert cut.cut
    assert all(context == "" for _, context, _ in rows)
    for _, _, row in rows:
        case = found.cases[row[0]]
        marked = {
            kind: "".join(text for text, own in row[14] if own in (kind, "both"))
            for kind in ("annotated", "predicted")
        }
        for kind, span in (("annotated", case.annotated), ("predicted", case.predicted)):
            assert marked[kind] == (case.example.context[slice(*span)] if span else "")


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(room=st.integers(min_value=6_000, max_value=60_000))
def test_it_never_takes_more_room_than_there_is(small_report, room):
    packed = pack(small_report, {}, room)
    assert len(packed.data) <= room
    assert 0 < packed.shown <= 60


def test_nothing_wrong_and_no_room_leaves_no_example(build_report):
    found = build_report(40)
    right = [replace(case, error_class="exact") for case in found.cases]
    packed = pack(replace(found, cases=right), {}, 100)
    assert packed.shown == 0


@pytest.mark.parametrize("room", [20_000, 40_000, 60_000])
def test_nearly_as_many_are_shown_as_there_is_room_for(build_report, room):
    found = build_report(1000)
    packed = pack(found, {}, room)
    assert packed.cut
    assert 0 < packed.shown < sum(case.error_class != "exact" for case in found.cases)
    assert 0.8 * room < len(packed.data) <= room
