"""The thresholds that rules go by; `[limits]` in the configuration sets them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What is too long, too many or too few.

    Attributes:
        max_seq_length: tokens of a window, question included.
        doc_stride: tokens that neighbouring windows share.
        max_answer_length: tokens of the longest answer that decoding gives.
        most_windows: windows of one record beyond which it slows everything down.
        unknown_share: share of a context's tokens that the tokenizer may not know.
        fewest_examples: records below which a corpus is small.
        similarity: Jaccard similarity of character 5-grams from which two contexts count as the same.
    """

    max_seq_length: int = 384
    doc_stride: int = 128
    max_answer_length: int = 30
    most_windows: int = 50
    unknown_share: float = 0.1
    fewest_examples: int = 100
    similarity: float = 0.8
