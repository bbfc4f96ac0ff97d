"""The words that questions begin with, by language: a table and one function.

Each group of a language is named by its first member and holds other forms of the same question
("whom" is "who"). The first place in the question where one of them stands decides, and there the
longest ("how many" before "how"). That is simple and errs now and then, for instance where "that" or
"which" only joins two clauses. A language without a row has no question words here.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from qatoolkit.analysis.text.scripts import IN_WORD, WITHOUT_BLANKS

NO_QUESTION_WORD = "none of these"

# One line for each group; members are separated by "|", a blank inside one is any white space.
_GROUPS = {
    "en": """
        how many|how much
        how
        what
        when
        where
        which
        who|whom|whose
        why""",
    "de": """
        wie viele|wie viel|wie vielen|wie vieler|wieviel|wieviele|wievielen
        wie
        was|womit|wofür|wodurch|woran|worauf|woraus|worin|worüber|worum|wovon|wozu|wogegen|wonach
        wann
        wo|wohin|woher
        welche|welcher|welches|welchem|welchen
        wer|wen|wem|wessen
        warum|wieso|weshalb|weswegen""",
    "es": """
        cuántos|cuánto|cuánta|cuántas
        cómo
        qué
        cuándo
        dónde|adónde
        cuál|cuáles
        quién|quiénes
        por qué""",
    "ar": """
        كم|بكم
        كيف
        ما|ماذا|بماذا|مما|بم|فيم
        متى
        أين|اين|من أين|إلى أين
        أي|أية|اي|بأي|لأي|من أي
        من|لمن|بمن
        لماذا|لم
        هل""",
    "hi": """
        कितने|कितना|कितनी|कितनों
        कैसे|कैसा|कैसी
        क्या
        कब
        कहाँ|कहां|किधर
        कौन सा|कौन सी|कौन से|कौनसा|कौनसी|कौनसे|किस|किन
        कौन|किसने|किसे|किसको|किसका|किसकी|किसके|किन्होंने
        क्यों""",
    "vi": """
        bao nhiêu|mấy
        như thế nào|thế nào|ra sao|làm sao
        gì|cái gì
        khi nào|bao giờ|lúc nào|năm nào|ngày nào
        ở đâu|đâu
        nào
        ai
        tại sao|vì sao|sao""",
    "zh": """
        多少|几|幾
        怎么|怎麼|怎样|怎樣|如何
        什么|什麼|甚麼|何
        何时|何時|什么时候|什麼時候|几时|幾時|哪年|哪一年|何年|几年|幾年|几月|幾月
        哪里|哪裡|哪裏|哪儿|哪兒|何处|何處|何地|什么地方|什麼地方
        哪|哪个|哪個
        谁|誰
        为什么|為什麼|为何|為何""",
    "ja": """
        いくつ|いくら|どのくらい|どれくらい|どれほど|何人|何個|何回|何歳|何本|何種類
        どう|どのよう|どうやって|いかに
        何|なに|なん
        いつ|何年|何月|何日|何時|何世紀
        どこ|何処
        どの|どれ|どちら|どんな|どういう
        誰|だれ
        なぜ|どうして|何故""",
    "th": """
        กี่|เท่าไร|เท่าไหร่|เท่าใด
        อย่างไร|ยังไง
        อะไร
        เมื่อไร|เมื่อไหร่|เมื่อใด|ปีใด|ปีไหน|วันใด|วันไหน
        ที่ไหน|ที่ใด
        ไหน|ใด
        ใคร
        ทำไม|เพราะเหตุใด""",
}


def question_word(question: str, language: str) -> str:
    """The name of the first group that the question has a word of, else `NO_QUESTION_WORD`.

    Args:
        question: as it is written.
        language: a key of `metrics.normalize.PROFILES`.
    """
    compiled = _compiled(language)
    if compiled is None:
        return NO_QUESTION_WORD
    pattern, groups = compiled
    # Accents may be written as characters of their own; this text is only looked at.
    found = pattern.search(unicodedata.normalize("NFC", question).lower())
    return groups[" ".join(found[0].split())] if found else NO_QUESTION_WORD


@cache
def _compiled(language: str) -> tuple[re.Pattern[str], dict[str, str]] | None:
    if language not in _GROUPS:
        return None
    groups: dict[str, str] = {}
    for line in unicodedata.normalize("NFC", _GROUPS[language]).strip().splitlines():
        members = line.strip().split("|")
        groups |= dict.fromkeys(members, members[0])
    longest_first = sorted(groups, key=len, reverse=True)
    any_of = "|".join(member.replace(" ", r"\s+") for member in longest_first)
    # Without blanks between words a question word is found wherever its characters stand.
    if language not in WITHOUT_BLANKS:
        any_of = rf"(?<!{IN_WORD})(?:{any_of})(?!{IN_WORD})"
    return re.compile(any_of), groups
