"""Whether an answer is a number, a date, a name or another phrase, as far as its text tells.

Rules of thumb over the letters of the answer, the first that fits:

date    a year alone or with words of time around it ("1066", "in 1066", "331 BC", "1990s"), digits written
        as a date ("3/4/1990", "1990年4月"), a month or weekday with a number, a century.
number  starts with a digit, a sign or a currency; or has a digit and no capital letter and at most five
        words; or consists of number words (English, German, Spanish, Vietnamese, Chinese numerals).
name    every word starts with a capital letter, but for short ones within ("Alexander of Macedon").
phrase  all others.

Scripts without capital letters show no names: they are phrases there. German writes every noun with a
capital letter, so that a name there may be any noun. Nothing is looked up.
"""

from __future__ import annotations

import re
from functools import lru_cache

ANSWER_TYPES = ("number", "date", "name", "phrase")

_MONTH_LIST = (
    "january february march april may june july august september october november december "
    "jan feb mar apr jun jul aug sep sept oct nov dec "
    "januar jänner februar märz mai juni juli oktober dezember "
    "enero febrero marzo abril mayo junio julio agosto septiembre setiembre octubre noviembre diciembre "
    "monday tuesday wednesday thursday friday saturday sunday "
    "montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag "
    "lunes martes miércoles jueves viernes sábado domingo "
    "يناير فبراير مارس أبريل إبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر "
    "जनवरी फरवरी फ़रवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर सितम्बर अक्टूबर नवंबर नवम्बर दिसंबर दिसम्बर "
    "มกราคม กุมภาพันธ์ มีนาคม เมษายน พฤษภาคม มิถุนายน กรกฎาคม สิงหาคม กันยายน ตุลาคม พฤศจิกายน ธันวาคม "
    "tháng ngày năm"
)
_CENTURY_LIST = (
    "century centuries jahrhundert jahrhunderts siglo siglos قرن القرن शताब्दी सदी kỷ ศตวรรษที่ คริสต์ศตวรรษที่"
)
_TIME_LIST = (
    "in on at by and of the since until till from to before after about around circa c ca early mid late "
    "year years summer winter spring autumn fall bc bce ad ce "
    "im am um und seit bis von vor nach ab jahr jahre jahren anfang mitte ende etwa chr v n den der des "
    "y en el la de del desde hasta hacia a año años principios mediados finales "
    "في عام سنة العام منذ حتى وقبل बाद में सन से तक năm khoảng từ đến ปี พ.ศ ค.ศ"
)
_NUMBER_LIST = (
    "half third thirds quarter quarters zero one two three four five six seven eight nine ten eleven "
    "twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred hundreds "
    "thousand thousands million millions billion billions dozen dozens once twice "
    "null ein eins eine einen zwei drei vier fünf sechs sieben acht neun zehn elf zwölf zwanzig dreißig "
    "vierzig fünfzig hundert tausend million millionen milliarde milliarden "
    "cero uno una dos tres cuatro cinco seis siete ocho nueve diez once doce veinte treinta cuarenta "
    "cincuenta cien ciento mil millón millones "
    "không một hai ba bốn năm sáu bảy tám chín mười trăm nghìn ngàn triệu tỷ"
)
_BESIDE_LIST = "a about almost and around at least most more nearly of over than the to y und"
_ARTICLE_LIST = "a an the der die das den dem des el la los las"
_BESIDE_NUMBERS = frozenset(_BESIDE_LIST.split())
_ARTICLES = frozenset(_ARTICLE_LIST.split())
_MONTHS = frozenset(_MONTH_LIST.split())
_CENTURIES = frozenset(_CENTURY_LIST.split())
_TIME_WORDS = frozenset(_TIME_LIST.split())
_NUMBER_WORDS = frozenset(_NUMBER_LIST.split())

_WORD = re.compile(r"[^\W_][^\s,;:!?()\[\]\"“”«»„–—/-]*")
_DIGIT = re.compile(r"\d")
# Thai texts count years of the Buddhist era, five centuries ahead.
_YEAR = re.compile(r"(?:1\d|20|2[45])\d\d(?:s|er|ern)?$|\d\ds$")
_WRITTEN_DATE = re.compile(
    r"\b\d{1,4}([./-])\d{1,2}\1\d{1,4}\b|\d\s*[年月日](?:[^間间分]|$)|\d\s*(?:世紀|世纪)|\d{1,2}\s*월"
)
_ERA = re.compile(r"\b(?:BCE?|B\.C\.|AD|A\.D\.|CE|v\. ?Chr|n\. ?Chr|a\. ?C|d\. ?C)\b")
_STARTS_AS_NUMBER = re.compile(r"[-+−±~≈<>]?\s*(?:[$£€¥₹₩₽฿]|US\$|HK\$|[Rr]s\.?\s)?\s*[.,]?\d")
_CHINESE_NUMBER = re.compile(
    r"[约約第]?[一二三四五六七八九十百千万萬亿億兆两兩零〇]+[个個名人种種次回歳岁歲名位元円圓座所条條]?$"
)
_LONG = 5
_SHORT_WORD = 3


@lru_cache(maxsize=65536)
def answer_type(text: str) -> str:
    """One of `ANSWER_TYPES` for the text of an answer; see the module for how it is decided.

    Args:
        text: an annotated answer, not empty.
    """
    text = _DIGIT.sub(lambda digit: str(int(digit[0])), text)
    found = [word.rstrip(".'’") for word in _WORD.findall(text)]
    words = [word.lower() for word in found]
    if _is_date(text, words):
        return "date"
    if _is_number(text, words):
        return "number"
    return "name" if _is_name(found) else "phrase"


def _is_date(text: str, words: list[str]) -> bool:
    if len(words) > 2 * _LONG:
        return False
    if _WRITTEN_DATE.search(text):
        return True
    numbers = [word for word in words if _DIGIT.search(word)]
    others = [word for word in words if not _DIGIT.search(word)]
    if any(word in _CENTURIES for word in others):
        return True
    if any(word in _MONTHS for word in others) and (numbers or len(words) == 1):
        return True
    if numbers and _ERA.search(text):
        return True
    years = [word for word in numbers if _YEAR.match(word)]
    return bool(years) and len(years) == len(numbers) and all(word in _TIME_WORDS for word in others)


def _is_number(text: str, words: list[str]) -> bool:
    if _STARTS_AS_NUMBER.match(text):
        return len(words) <= 2 * _LONG
    if _DIGIT.search(text):
        # "Apollo 11" has a capital letter, "about 11" has none.
        return len(words) <= _LONG and not any(character.isupper() for character in text)
    counted = [word for word in words if word not in _BESIDE_NUMBERS]
    plain = all(part in _NUMBER_WORDS for word in counted for part in word.split("-"))
    return bool(counted and plain) or bool(_CHINESE_NUMBER.match(text))


def _is_name(words: list[str]) -> bool:
    """Whether first and last word have capitals, with at most short words without them between."""
    if len(words) > 1 and words[0].lower() in _ARTICLES:
        words = words[1:]
    return bool(words) and all(
        word[0].isupper() or word[0].isdigit() or (len(word) <= _SHORT_WORD and 0 < i < len(words) - 1)
        for i, word in enumerate(words)
    )
