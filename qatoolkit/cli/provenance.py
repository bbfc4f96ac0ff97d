"""Says where the value of every setting came from: a flag, the environment, the configuration, a default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import typer

from qatoolkit.config import Config
from qatoolkit.errors import UsageError

DEFAULT = "default"


def origins(context: typer.Context, renamed: Mapping[str, str]) -> dict[str, str]:
    """Setting -> where its value came from, in words that a person can look up.

    Args:
        context: of the command.
        renamed: name of a setting -> the parameter of the command that holds it, where they differ.
    """
    settings = {parameter: name for name, parameter in renamed.items()}
    return {
        settings.get(str(parameter.name), str(parameter.name)): _origin(context, parameter)
        for parameter in context.command.params
    }


def _origin(context: typer.Context, parameter: Any) -> str:
    source = context.get_parameter_source(parameter.name)
    kind = source.name if source else ""
    if kind == "COMMANDLINE":
        return str(max(parameter.opts, key=len))
    if kind == "ENVIRONMENT":
        return f"{context.auto_envvar_prefix}_{parameter.name}".upper()
    return _file(context) if kind == "DEFAULT_MAP" else DEFAULT


def settings_of(context: typer.Context, pairs: Sequence[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The TrainingArguments that were set, and where each came from.

    `--set` adds to what the configuration's table sets, and wins.

    Args:
        context: of the command.
        pairs: the values of `--set`, as "name=value".

    Raises:
        UsageError: no such field, or a value that the field cannot hold.
    """
    from qatoolkit.training.arguments import check_settings, parse_settings

    config: Config = context.obj
    source = context.get_parameter_source("set")
    given = parse_settings(pairs) if source and source.name != "DEFAULT_MAP" else {}
    table = config.commands.get(str(context.info_name), {}).get("set", {})
    try:
        configured = check_settings(table) if isinstance(table, dict) else parse_settings(table)
    except UsageError as error:
        raise UsageError(f"{config.path}: [{context.info_name}.set] {error}") from error
    origin = "--set" if not source or source.name != "ENVIRONMENT" else "QATK_FINETUNE_SET"
    told = dict.fromkeys(configured, _file(context)) | dict.fromkeys(given, origin)
    return configured | given, told


def _file(context: typer.Context) -> str:
    config: Config = context.obj
    return config.path.name if config.path else DEFAULT
