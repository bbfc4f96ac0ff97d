"""The bar over a long reading: on a terminal only, and never in the way of a result."""

from __future__ import annotations

import io
import sys

import pytest

from qatoolkit.cli import progress
from qatoolkit.cli.progress import Progress, reading
from qatoolkit.corpus import read
from qatoolkit.validation.validate import validate


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch):
    """Call it in the test: between a fixture and the test pytest puts its own stderr back."""
    monkeypatch.setenv("TERM", "xterm")

    def sit_down() -> Terminal:
        screen = Terminal()
        monkeypatch.setattr(sys, "stderr", screen)
        return screen

    return sit_down


def test_a_long_reading_is_shown_and_changes_nothing(sample_data, terminal, monkeypatch):
    monkeypatch.setattr(progress, "_WORTH_A_BAR", 0)
    monkeypatch.setattr(progress, "_MEGABYTE", 1000)
    corpus = read([sample_data / "messy.csv", sample_data / "clean.csv"])
    sizes = [source.path.stat().st_size for source in corpus.sources]
    screen = terminal()
    with reading(corpus) as watched:
        shown = validate(watched)
    drawn = screen.getvalue()
    assert f" of {sum(sizes) // 1000:,} MB" in drawn
    assert f"{sum(sizes) // 1000:,} of {sum(sizes) // 1000:,} MB" in drawn
    assert drawn.endswith("\x1b[2K")  # and is wiped away in the end
    assert shown == validate(corpus)


def test_the_cursor_comes_back_after_an_error(terminal):
    def fail_under_way() -> None:
        with Progress("step") as bar:
            bar.advance(1, 3)
            raise OSError("the disk is full")

    screen = terminal()
    with pytest.raises(OSError, match="the disk"):
        fail_under_way()
    drawn = screen.getvalue()
    assert drawn.rindex("\x1b[?25h") > drawn.rindex("\x1b[?25l")


def test_a_short_reading_is_not_worth_a_bar(sample_data, terminal):
    corpus = read(sample_data / "messy.csv")
    screen = terminal()
    with reading(corpus) as same:
        assert same is corpus
    assert screen.getvalue() == ""


def test_where_nobody_looks_there_is_no_bar(sample_data, capsys, monkeypatch):
    monkeypatch.setattr(progress, "_WORTH_A_BAR", 0)
    corpus = read(sample_data / "messy.csv")
    with reading(corpus) as same, Progress("step") as bar:
        assert same is corpus
        bar.advance(1, 2)
    assert capsys.readouterr() == ("", "")
