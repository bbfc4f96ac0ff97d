"""Finds the files that travel with the package: `schemas/` and `sample_data/`.

Both folders stand at the top of a checkout. In a wheel they lie below `qatoolkit/_data/`
(see `force-include` in pyproject.toml); an editable installation uses the checkout's own.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def resource(name: str) -> Path:
    """Path of a packaged file or folder.

    Args:
        name: relative path such as "schemas/record.yaml" or "sample_data".

    Raises:
        FileNotFoundError: the installation lacks the file, which means it is broken.
    """
    for root in (_PACKAGE / "_data", _PACKAGE.parent):
        path = root / name
        if path.exists():
            return path
    raise FileNotFoundError(f"{name} is missing from this installation of qatoolkit")
