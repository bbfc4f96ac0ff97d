import csv
import os
from pathlib import Path

import pytest

from qatoolkit.corpus import read
from qatoolkit.metrics import PROFILES, detect_language

SENTENCES = {
    "en": "The lighthouse on the northern cape was built of grey granite and is empty since last winter.",
    "de": "Der Leuchtturm am nördlichen Kap wurde aus grauem Granit gebaut und steht seit dem Winter leer.",
    "es": "El faro del cabo norte se construyó con granito gris y está vacío desde el invierno pasado.",
    "ar": "بُنيت المنارة الواقعة في الرأس الشمالي من الغرانيت الرمادي وهي خالية منذ الشتاء الماضي.",
    "hi": "उत्तरी अंतरीप का प्रकाशस्तंभ धूसर ग्रेनाइट से बना था और पिछली सर्दियों से खाली पड़ा है।",
    "vi": "Ngọn hải đăng ở mũi phía bắc được xây bằng đá granit xám và bỏ trống từ mùa đông năm ngoái.",
    "zh": "北角的灯塔是用灰色花岗岩建造的，从去年冬天起就一直空着。",
    "ja": "北の岬の灯台は灰色の花崗岩で建てられ、去年の冬から無人になっている。",
    "th": "ประภาคารที่แหลมทางเหนือสร้างด้วยหินแกรนิตสีเทาและว่างเปล่าตั้งแต่ฤดูหนาวที่แล้ว",
}
OTHERS = {
    "fr": "Le phare du cap nord a été construit en granit gris et il est vide depuis l'hiver dernier.",
    "it": "Il faro del capo nord fu costruito in granito grigio ed è vuoto dall'inverno scorso.",
    "nl": "De vuurtoren op de noordelijke kaap is van grijs graniet gebouwd en staat sinds de winter leeg.",
    "ko": "북쪽 곶의 등대는 회색 화강암으로 지어졌고 지난겨울부터 비어 있다.",
    "ru": "Маяк на северном мысе построен из серого гранита и с прошлой зимы пустует.",
    "fa": "فانوس دریایی دماغهٔ شمالی از گرانیت خاکستری ساخته شده و از زمستان گذشته خالی است.",
}


@pytest.mark.parametrize("language", SENTENCES)
def test_each_profile_is_found(language):
    assert detect_language([SENTENCES[language]]) == language


def test_every_profile_but_the_rest_has_a_sentence():
    assert {*SENTENCES, "other"} == {*PROFILES}


@pytest.mark.parametrize("language", OTHERS)
def test_languages_without_a_profile(language):
    assert detect_language([OTHERS[language]]) == "other"


@pytest.mark.parametrize("texts", [[], [""], ["", "  "], ["1999", "12:30", "---"]])
def test_nothing_to_go_by_is_not_english(texts):
    assert detect_language(texts) == "other"


def test_contexts_outvote_questions_in_another_language():
    contexts = [SENTENCES["en"] + " " + str(i) for i in range(500)]
    questions = ["Wo steht der Leuchtturm?"] * 500
    assert detect_language(contexts + questions) == "en"
    alternating = [text for pair in zip(contexts, questions, strict=True) for text in pair]
    assert detect_language(alternating) == "en"
    assert detect_language(questions) == "de"


def test_a_corpus_of_many_languages_has_none():
    assert detect_language([*SENTENCES.values()]) == "other"
    assert detect_language([SENTENCES["en"], SENTENCES["de"], SENTENCES["es"]] * 30) == "other"


def manifest():
    folder = os.environ.get("QATK_CORPORA")
    if not folder:
        return []
    with (Path(folder) / "MANIFEST.csv").open(encoding="utf-8", newline="") as lines:
        return [row for row in csv.DictReader(lines) if row["questions"]]


@pytest.mark.corpora
@pytest.mark.parametrize("row", [pytest.param(row, id=row["file"]) for row in manifest()])
def test_published_corpora_get_their_profile(corpora, row):
    # "swa->en": questions were asked in the first language, contexts are in the second.
    language = row["language"].split(">")[-1].split("-")[0]
    texts = []
    for batch in read(corpora / row["file"]):
        texts += [text for name in ("context", "question") for text in batch.records[name] if text]
    assert detect_language(texts) == (language if language in PROFILES else "other")
