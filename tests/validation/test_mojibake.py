"""Text in the wrong encoding is told from text that only looks odd; and answers that fill their context."""

from __future__ import annotations

import json

import pytest

from qatoolkit.corpus import from_text, read
from qatoolkit.validation.validate import validate

SOUND = [
    "Das Café Müller, „MENÜ“, heißt „GRÖß“ – für 5 € …",
    "PÅ TRÄ” och KÅ– men ÄÄ… och ÖÅ",
    "L’été à « CAFÉ » et «É», à\u00a0«\u00a0Noël\u00a0»",
    "NÃO, IRMÃ” e «MAÇû, SÃO — PÃ…",
    "Čeština, Łódź, ığdır, Việt Nam, ÂN",
    "20 Å³, 5 °C, £5, ©, ½, ±3 µm, ×2",
    "Река Нил длинная; Ο Νείλος; נילוס; النيل; नील; ナイル川; 나일강; แม่น้ำไนล์; አባይ",
]


def misread(text: str) -> str:
    """Written in UTF-8 and read in Windows-1252, whose five open bytes stay themselves."""
    return "".join(
        bytes([b]).decode("cp1252" if b not in b"\x81\x8d\x8f\x90\x9d" else "latin-1") for b in text.encode()
    )


def said(context: str) -> list[str]:
    source = json.dumps({"context": context, "question": "q", "answers": []})
    return [finding.message for finding in validate(from_text(source), select=["QA304"]).findings]


@pytest.mark.parametrize("text", SOUND)
def test_sound_text_is_left_alone(text):
    assert said(text) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a café", "é"),
        ("it’s so", "’"),
        ("a – b", "–"),
        ("Łódź", "Ł"),
        ("şimdi ığ", "ş"),
        ("100 °C", "°"),
        ("£5", "£"),
        ("Река", "Река"),
        ("Νείλος", "Νείλος"),
        ("النيل", "النيل"),
        ("नील", "नील"),
        ("東京", "東京"),
        ("나일강", "나일강"),
        ("a 😀😀", "😀😀"),
    ],
)
def test_what_was_misread_is_shown_as_it_was_meant(text, shown):
    assert said(text) == []
    (message,) = said(misread(text))
    assert f'which is "{shown}" read in the wrong encoding' in message


@pytest.mark.corpora
def test_clean_corpora_in_many_scripts_are_clean(corpora):
    files = [
        *(f"xquad/xquad.{language}.json" for language in ("de", "en", "hi", "th")),
        "drcd/DRCD_test.json",
        "heq/val_v1.1.json",
        "iapp-thai/test.jsonl",
        "jaquad/jaquad_dev_0000.json",
        "kazqad/validation.jsonl",
        "norquad/validation_flattened.json",
        "squad-es/dev-v2.0-es_small.json",
    ]
    assert validate([corpora / file for file in files], select=["QA304"]).findings == []


@pytest.mark.corpora
def test_misread_passages_of_a_published_corpus_are_found(corpora):
    assert (
        read(corpora / "xquad" / "xquad.ar.json")
        .to_polars()["context"]
        .str.contains("Ã¼", literal=True)
        .any()
    )
    messages = [f.message for f in validate(corpora / "xquad" / "xquad.ar.json", select=["QA304"]).findings]
    assert len(messages) == 11
    assert any('which is "樞密院"' in message for message in messages)


@pytest.mark.parametrize(
    ("context", "answer", "found"),
    [
        ("Ån är lång.", "Ån är lång.", 1),
        ("  Ån är lång.\n\u00a0", "Ån är lång.", 1),
        ("Ån är lång.", "Ån är lång", 0),
        ("Ån är lång. Ån är lång.", "Ån är lång.", 0),
        ("", "", 0),
    ],
)
def test_an_answer_that_is_the_whole_context(context, answer, found):
    source = json.dumps({"context": context, "question": "q", "answers": [{"text": answer}]})
    assert len(validate(from_text(source), select=["QA306"]).findings) == found
