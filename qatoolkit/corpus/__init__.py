"""The record, the readers that fill it, and span arithmetic. Judges nothing."""

from qatoolkit.corpus.reader import Corpus, Source, from_text, read
from qatoolkit.corpus.record import RECORD, Batch, Note, Place

__all__ = ["RECORD", "Batch", "Corpus", "Note", "Place", "Source", "from_text", "read"]
