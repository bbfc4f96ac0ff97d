"""A baseline knows old findings again, wherever they have moved to, and lets new ones through."""

import pytest

from qatoolkit.corpus import from_text
from qatoolkit.errors import DestinationError, UnreadableError
from qatoolkit.validation.baseline import sift, write_baseline
from qatoolkit.validation.validate import validate

HEADER = "id,context,question,answer,answer_start\n"
OLD = "1,The Nile is long.,What is long?,Nile,9\n2,The Nile is long.,Where?,nowhere,0\n"
NEW = "3,Oslo is cold.,What is cold?,Bergen,0\n"


def findings(text):
    return validate(from_text(text), select=["QA2"]).findings


def test_old_findings_are_known_after_lines_moved_and_new_ones_are_not(tmp_path):
    path = tmp_path / "baseline.json"
    write_baseline(findings(HEADER + OLD), path)
    assert sift(findings(HEADER + OLD), path).new == []
    sifted = sift(findings(HEADER + NEW + OLD), path)
    assert sifted.known == 2
    assert [(finding.code, finding.id) for finding in sifted.new] == [("QA203", "3")]


def test_equal_findings_are_counted(tmp_path):
    path = tmp_path / "baseline.json"
    write_baseline(findings(HEADER + NEW), path)
    sifted = sift(findings(HEADER + NEW + NEW), path)
    assert (sifted.known, len(sifted.new)) == (1, 1)


def test_writing_it_twice_gives_the_same_bytes(tmp_path):
    first, second = tmp_path / "a.json", tmp_path / "b.json"
    write_baseline(findings(HEADER + OLD), first)
    write_baseline(list(reversed(findings(HEADER + OLD))), second)
    assert first.read_bytes() == second.read_bytes()


def test_a_file_that_is_no_baseline_is_not_overwritten(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text("[1]", encoding="utf-8")
    with pytest.raises(DestinationError, match="is no baseline"):
        write_baseline([], path)
    assert path.read_text(encoding="utf-8") == "[1]"


@pytest.mark.parametrize("content", [None, "", "[]", '{"version": 1}', '{"findings": {"a": "many"}}'])
def test_what_is_no_baseline_says_how_to_write_one(tmp_path, content):
    path = tmp_path / "baseline.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(UnreadableError, match="--write-baseline"):
        sift([], path)
