"""Which encoding a file is in, what is said of a guess, and that records and repairs survive it."""

from __future__ import annotations

import codecs
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qatoolkit.corpus import encoding as encodings
from qatoolkit.corpus import read
from qatoolkit.corpus.encoding import Recoded, decode, encode, sniff_encoding
from qatoolkit.corpus.splice import splice
from qatoolkit.errors import UnreadableError, UsageError
from qatoolkit.validation.fix import fix

HEADER = "context,question,answer,answer_start\n"
#: Language and encoding -> sentences of our own in it.
TEXTS = {
    "latin-1": [
        "Le café ouvre à huit heures, la bibliothèque dès neuf heures.",
        "Où est né l'élève de Liège ?",
    ],
    "cp1252": [
        "Ån är lång och går mot norr – ända till älven.",
        "Göta älv är Sveriges längsta å, säger “man” där.",
    ],
    "cp1250": [
        "Łódź leży w środkowej Polsce, a źródła Wisły są na Baraniej Górze.",
        "Żółw idzie wolno ścieżką.",
    ],
    "cp1251": ["Река течёт на север и впадает в море.", "Город стоит на берегу большого озера."],
    "koi8_r": ["Река течёт на север и впадает в море.", "Город стоит на берегу большого озера."],
    "cp1253": [
        "Ο ποταμός χύνεται στη θάλασσα και η πόλη είναι μεγάλη.",
        "Η πρωτεύουσα της χώρας είναι παλιά.",
    ],
    "shift_jis": ["この川は北へ流れて海に入ります。", "図書館は九時に開きます。"],
    "gb18030": ["这条河向北流入大海，全长六千公里。", "图书馆早上九点开门。"],
    "big5": ["這條河向北流入大海，全長六千公里。", "圖書館早上九點開門。"],
    "euc_kr": ["이 강은 북쪽으로 흘러 바다로 들어간다.", "도서관은 아홉 시에 문을 연다."],
}


def table(sentences: list[str]) -> str:
    return HEADER + "".join(f'"{text}",What?,"{word(text)}",{text.index(word(text))}\n' for text in sentences)


def word(text: str) -> str:
    """The second word, or three characters where words are not parted."""
    return text.split()[1] if " " in text else text[3:6]


@pytest.mark.parametrize("name", TEXTS)
def test_another_encoding_is_guessed_and_the_guess_is_said(tmp_path, name):
    path = tmp_path / "x.csv"
    path.write_bytes(table(TEXTS[name]).encode(name))
    corpus = read(path)
    (source,) = corpus.sources
    assert corpus.to_polars()["context"].to_list() == TEXTS[name]
    assert source.guessed
    assert source.remark.startswith(f"{path}: not UTF-8; read as ")
    assert source.remark.endswith("(a guess; --encoding to override)")


@pytest.mark.parametrize("name", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("layout", ["csv", "json"])
def test_unicode_is_recognised_without_a_guess(tmp_path, name, layout):
    path = tmp_path / "x"
    rows = [{"context": text, "question": "What?"} for text in TEXTS["gb18030"]]
    text = table(TEXTS["gb18030"]) if layout == "csv" else json.dumps(rows, ensure_ascii=False)
    path.write_bytes(text.encode(name))
    corpus = read(path)
    assert (corpus.sources[0].guessed, corpus.sources[0].remark) == (False, "")
    assert corpus.to_polars()["context"].to_list() == TEXTS["gb18030"]


def test_a_few_broken_bytes_leave_a_file_utf8(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(table(TEXTS["cp1252"]).encode() + b"caf\xe9,q,caf,0\n")
    (batch,) = read(path)
    assert batch.records["context"].to_list() == TEXTS["cp1252"]
    assert [(note.kind, note.place.line) for note in batch.notes] == [("undecodable-bytes", 4)]


def test_broken_bytes_in_json_cost_their_record_and_shift_no_place(tmp_path):
    path, copy = tmp_path / "x.json", tmp_path / "y.json"
    answers = [{"text": "lång", "answer_start": 0}]
    rows = [
        {"context": f"Ån är {how} lång.", "question": "Vad?", "answers": answers}
        for how in ("så", "BAD", "då")
    ]
    content = json.dumps({"data": rows}, ensure_ascii=False, indent=1).encode().replace(b"BAD", b"\xe5\xff")
    path.write_bytes(content)
    (batch,) = read(path)
    (note,) = [note for note in batch.notes if note.kind == "undecodable-bytes"]
    assert (note.place.row, note.place.pointer, note.detail) == (2, "/data/1", "byte 0xe5 is not UTF-8")
    assert b"\xe5\xff" in content[note.place.byte_start : note.place.byte_end]
    assert batch.records["row"].to_list() == [1, 3]
    for start, end, context in batch.records.select("byte_start", "byte_end", "context").rows():
        assert json.loads(content[start:end])["context"] == context
    fix(path, copy)
    first, second, third, rest = content.split(b'"answer_start": 0')
    kept = second + b'"answer_start": 0' + third
    assert copy.read_bytes().split(b'"answer_start": 9') == [first, kept, rest]


@pytest.mark.parametrize("name", ["latin-1", "koi8_r", "shift_jis", "gb18030", "utf-16-be", "utf-16-le"])
@pytest.mark.parametrize("layout", ["csv", "json"])
def test_a_repair_changes_no_other_byte(tmp_path, name, layout):
    path, copy = tmp_path / "x", tmp_path / "y"
    sentences = TEXTS.get(name, TEXTS["gb18030"])
    rows = [
        {"context": text, "question": "What?", "answers": [{"text": word(text), "answer_start": 90}]}
        for text in sentences
    ]
    text = json.dumps(rows, ensure_ascii=False)
    if layout == "csv":
        text = HEADER + "".join(f'"{text}",What?,"{word(text)}",90\r\n' for text in sentences)
    path.write_bytes(text.encode(name))
    assert fix(path, copy).left.ok
    mended = text
    for sentence in sentences:
        mended = mended.replace("90", str(sentence.index(word(sentence))), 1)
    assert copy.read_bytes() == mended.encode(name)


def test_bytes_that_would_not_come_back_are_not_mended(tmp_path):
    path = tmp_path / "x.csv"
    good = table(TEXTS["shift_jis"]).encode("cp932")
    path.write_bytes(good + b"\x87\x90 abc,q,abc,2\n")  # a character that cp932 has twice
    corpus = read(path, encoding="cp932")
    assert corpus.to_polars().height == 3
    with pytest.raises(UsageError, match="save it as UTF-8 first"):
        splice(corpus.sources[0], {}, [])


def test_an_encoding_that_is_named_goes_before_any_guess(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(table(["Ån är lång."]).encode("mac_roman"))
    corpus = read(path, encoding="mac-roman")
    assert corpus.to_polars()["context"].to_list() == ["Ån är lång."]
    assert (corpus.sources[0].guessed, corpus.sources[0].remark) == (False, "")


@pytest.mark.parametrize(
    ("written", "named"),
    [("utf-8-sig", "utf-8"), ("utf-16", "utf-16-le"), ("utf-16-le", "utf-16"), ("utf-32", "utf_32")],
)
def test_a_named_encoding_and_a_mark_agree(tmp_path, written, named):
    path = tmp_path / "x.csv"
    path.write_bytes(table(["Ån är lång."]).encode(written))
    assert read(path, encoding=named).to_polars()["context"].to_list() == ["Ån är lång."]
    assert splice(read(path, encoding=named).sources[0], {}, []) == path.read_bytes()


@pytest.mark.parametrize("name", ["klingon", "base64", "rot13", ""])
def test_an_unknown_encoding(tmp_path, name):
    with pytest.raises(UsageError, match="unknown; names are those that Python knows"):
        read(tmp_path, encoding=name)


@pytest.mark.parametrize("name", ["ascii", "utf-16", "shift_jis"])
@pytest.mark.parametrize("layout", ["csv", "jsonl"])
def test_a_wrong_encoding_says_which_byte(tmp_path, name, layout):
    path = tmp_path / "x"
    path.write_bytes(b"context,question\na,b\n \xff\xfe\xfd")
    with pytest.raises(UnreadableError, match=r"x: byte 2[0-9] is not .*\n.*--encoding"):
        read(path, encoding=name, format=layout).to_polars()


def test_the_first_bytes_beyond_ascii_decide_wherever_they_stand(tmp_path):
    path = tmp_path / "x.csv"
    plain = "The Nile is long.,What?,Nile,4\n" * 20_000
    for text, name, guessed in (("Ån är lång.", "utf-8", False), ("Ån är lång.", "latin-1", True)):
        path.write_bytes((HEADER + plain + f"{text},Vad?,Ån,0\n").encode(name))
        corpus = read(path)
        assert corpus.sources[0].guessed is guessed
        assert corpus.to_polars()["context"][-1] == text


def test_beyond_what_is_looked_at_a_broken_byte_is_a_finding(tmp_path, monkeypatch):
    monkeypatch.setattr(encodings, "_LOOK_BYTES", encodings.HEAD_BYTES)
    path = tmp_path / "x.csv"
    path.write_bytes(HEADER.encode() + b"The Nile is long.,What?,Nile,4\n" * 20_000 + b"caf\xe9,q,caf,0\n")
    corpus = read(path)
    assert not corpus.sources[0].guessed
    assert [note.place.line for batch in corpus for note in batch.notes] == [20_002]


def test_one_long_line_is_guessed_at_although_it_is_cut_off(tmp_path):
    path = tmp_path / "x.json"
    rows = [{"context": text * 3, "question": "What?"} for text in TEXTS["gb18030"] * 3000]
    path.write_bytes(json.dumps(rows, ensure_ascii=False).encode("gb18030"))
    assert read(path).to_polars()["context"].to_list() == [row["context"] for row in rows]


def test_no_text_at_all_is_refused(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    with pytest.raises(UnreadableError, match="holds NUL bytes"):
        read(path)


@settings(deadline=None)
@given(
    st.text(st.sampled_from('aЖé中😀\r\n,"'), max_size=40),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-be", "gb18030", "utf-7"]),
    st.integers(1, 9),
)
def test_encoding_is_the_inverse_of_decoding_and_streams_give_the_same(text, name, size):
    content = text.encode(name)
    decoded = decode(content, name, "x")
    assert decoded == text
    assert encode(decoded, name, content, "x") == content
    if not name.startswith("utf-8"):
        stream = io.BufferedReader(Recoded(io.BytesIO(content), name, "x"), size)
        assert stream.read().decode() == text


@given(st.binary(max_size=60))
def test_any_bytes_survive_as_utf8(content):
    for name, mark in (("utf-8", b""), ("utf-8-sig", codecs.BOM_UTF8)):
        whole = mark + content
        if name == "utf-8-sig" or not content.startswith(codecs.BOM_UTF8):
            assert encode(decode(whole, name, "x"), name, whole, "x") == whole


@given(st.text(min_size=1, max_size=300))
def test_valid_utf8_is_never_guessed_at(text):
    content = text.replace("\0", "").encode()
    if not content.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        assert sniff_encoding(content, io.BytesIO(), "x") == ("utf-8", False)
