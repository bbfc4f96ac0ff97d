"""The `qatk` command: registers the commands, reads the configuration, turns errors into exit codes."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

import qatoolkit
from qatoolkit.cli.convert import convert
from qatoolkit.cli.demo import demo
from qatoolkit.cli.finetune import finetune
from qatoolkit.cli.fix import fix
from qatoolkit.cli.predict import predict
from qatoolkit.cli.report import report
from qatoolkit.cli.rule import rule
from qatoolkit.cli.trace import trace
from qatoolkit.cli.validate import validate
from qatoolkit.config import Config, load_config
from qatoolkit.errors import EXIT_INTERNAL, EXIT_INTERRUPTED, EXIT_PIPE_CLOSED, EXIT_USAGE, QatkError

#: Set by the shell's completion script, which wants words to offer and no command run.
COMPLETE = "_QATK_COMPLETE"

COMMANDS = (validate, fix, convert, trace, finetune, predict, report, rule, demo)

app = typer.Typer(
    name="qatk",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # help holds brackets that mean themselves
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "QATK"},
)
for command in COMMANDS:
    # An id may begin with a minus.
    app.command(context_settings={"ignore_unknown_options": command is trace})(command)


def _version(asked: bool) -> None:
    if asked:
        print(f"qatk {qatoolkit.__version__}")
        raise typer.Exit


@app.callback(
    epilog="With a qatk.toml that names the data, validate, convert, finetune and report need no arguments."
)
def qatk(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_version,
            is_eager=True,
            show_envvar=False,
            help="Print the version and exit.",
        ),
    ] = False,
) -> None:
    """Custom extractive question answering: from your file to a model and an error report."""


def main() -> None:
    """Entry point of `qatk`."""
    _print_anything()
    root: Any = typer.main.get_command(app)
    try:
        root.main(prog_name="qatk", **_configured(root))
    except QatkError as error:
        _fail(str(error), error.exit_code)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        _fail(f"{place}{error.strerror or error}", EXIT_USAGE)
    except SystemExit as ended:
        if ended.code == EXIT_INTERRUPTED:
            print("qatk: interrupted", file=sys.stderr)
        if isinstance(ended.__context__, BrokenPipeError):
            sys.exit(EXIT_PIPE_CLOSED)  # click makes it 1, which means something else here
        raise
    except Exception:
        import traceback

        traceback.print_exc()
        _fail("this is a defect of qatk; please report it with the lines above", EXIT_INTERNAL)


def _print_anything() -> None:
    """What stdout's encoding lacks, such as a file's name that is not UTF-8, is written out as an escape."""
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")


def _fail(message: str, code: int) -> None:
    from qatoolkit.cli.findings import shown

    # Messages quote the user's text; what it says to the terminal is not carried out.
    print("qatk: " + "\n".join(shown(line) for line in message.split("\n")), file=sys.stderr)
    sys.exit(code)


def _configured(root: Any) -> dict[str, Any]:
    """What the configuration file says: defaults of the parameters, and all of it as click's `obj`."""
    if COMPLETE in os.environ:  # a mistake in the file is no matter for the Tab key
        return {}
    parameters = {name: {str(p.name): p for p in command.params} for name, command in root.commands.items()}
    config = load_config(Path.cwd(), {name: set(known) for name, known in parameters.items()})
    return {"default_map": _defaults(config, parameters), "obj": config}


def _defaults(config: Config, parameters: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The file's settings by command and parameter."""
    defaults: dict[str, dict[str, Any]] = {}
    for name, known in parameters.items():
        options = dict(config.commands.get(name, {}))
        if "paths" in known and config.data:
            options.setdefault("paths", config.data)
        if "map" in known and config.fields:
            options.setdefault("map", [f"{column}={field}" for field, column in config.fields.items()])
        if isinstance(options.get("set"), dict):
            options["set"] = [f"{key}={_toml(value)}" for key, value in options["set"].items()]
        defaults[name] = {option: _shaped(known[option], value) for option, value in options.items()}
    return defaults


def _shaped(parameter: Any, value: Any) -> Any:
    """A list where the parameter takes several values, so that select = "QA2" is one and not three."""
    several = parameter.nargs != 1 or getattr(parameter, "multiple", False)
    return [value] if several and not isinstance(value, list) else value


def _toml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
