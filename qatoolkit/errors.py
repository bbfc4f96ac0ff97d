"""The exceptions that qatoolkit raises on purpose, and the exit codes they end a command with.

    QatkError                exit 2   something the reader of the message can mend
    ├── UsageError           a flag, setting or path that cannot mean anything
    ├── NotACorpusError      the file was read, and it cannot be a QA corpus
    ├── UnreadableError      the file could not be read at all
    ├── DestinationError     the output exists, or its folder cannot be written
    ├── MissingExtraError    an optional dependency is not installed
    ├── ModelError           a model or tokenizer that cannot be loaded or used
    ├── InvalidRecordsError  exit 1   records that must be repaired first
    └── UnknownIdError       exit 1   an id that a dataset does not have

Anything else that escapes is a defect of ours and exits with 3.
"""

from __future__ import annotations

EXIT_DONE = 0
EXIT_FINDINGS = 1
EXIT_USAGE = 2
EXIT_INTERNAL = 3
EXIT_INTERRUPTED = 130
EXIT_PIPE_CLOSED = 141  # 128 + SIGPIPE, as of a program that the signal ends


class QatkError(Exception):
    """Base of every deliberate error; its text says what, where, and how to go on."""

    exit_code = EXIT_USAGE


class UsageError(QatkError):
    """A flag, setting or path that cannot mean anything."""


class NotACorpusError(QatkError):
    """The file was read, but it holds no question/context pairs that we could recognise."""


class UnreadableError(QatkError):
    """The file could not be read: missing, not permitted, or not text."""


class DestinationError(QatkError):
    """The destination exists already, or cannot be written."""


class ModelError(QatkError):
    """A model or tokenizer that cannot be loaded or used here."""


class MissingExtraError(QatkError):
    """An optional dependency is missing.

    Args:
        what: what was asked for, e.g. "fine-tuning".
        extra: the name of the extra that brings it, e.g. "train".
    """

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs packages that are not installed: pip install 'qatoolkit[{extra}]'")


class InvalidRecordsError(QatkError):
    """Records are invalid and nothing was written."""

    exit_code = EXIT_FINDINGS


class UnknownIdError(QatkError):
    """A dataset has no example of this id."""

    exit_code = EXIT_FINDINGS
