"""
What every command of the shell has: ``--quiet`` and ``--log`` are added to each; completion scripts are written from
the same tree, so that a key press starts no Python.
"""

import errno
import logging
import os
import re
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from hotspot.cli_options import Quiet

UNIFORM = ("--out", "--data", "--quiet", "--json", "--scheduler", "--log")


# In every help: arguments, the study, the command's own options, then those that all share, in one order.
_PLACE = {"--study": -1} | {name: n for n, name in enumerate(UNIFORM, 1)}


def log_lines(on: bool) -> bool:
    """One line a step on stderr, with its time, and no bar: for a log file or a timer's journal."""
    if on:
        os.environ["TQDM_DISABLE"] = "1"
        logger = logging.getLogger("hotspot")
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S"))
        logger.handlers = [handler]  # once, however many commands a process runs
        logger.setLevel(logging.INFO)
    return on


Log = Annotated[bool, typer.Option("--log", help="One line a step on stderr, with its time.", callback=log_lines)]


class Uniform(TyperGroup):
    """A group whose commands all take ``--quiet`` and ``--log``, and whose complaints begin with their cause."""

    def main(
        self, args: Sequence[str] | None = None, prog_name: str | None = None, complete_var: str | None = None,
        standalone_mode: bool = True, windows_expand_args: bool = True, **extra: Any,
    ) -> Any:  # fmt: skip
        """Run; wrong usage says what is wrong first, then how the command is called."""
        try:
            code = super().main(args, prog_name, complete_var, False, windows_expand_args, **extra)
            if not standalone_mode:
                return code
        except _WRONG_USAGE as error:
            if not standalone_mode:
                raise
            _complain(error)
            sys.exit(error.exit_code)
        except typer.Abort:
            if not standalone_mode:
                raise
            sys.exit(1)
        except OSError as error:
            if error.errno != errno.EPIPE:
                raise
            sys.exit(1)  # whoever read our lines has gone
        sys.exit(code if isinstance(code, int) else 0)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command, with the options that every command has."""
        command = super().get_command(ctx, cmd_name)
        if command is not None:
            there = {name for one in command.params for name in one.opts}
            command.params.extend(one for one in _everywhere() if not there & set(one.opts))
            command.params.sort(key=lambda one: _PLACE.get(one.opts[0], 0))  # stable: own options as they stand
        return command


# The shell library's own base of wrong usage, wherever a version keeps it.
_WRONG_USAGE: Any = typer.BadParameter.__mro__[1]


def _complain(error: Any) -> None:
    """The cause, then the usage; a call without anything shows the help."""
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
        return
    from hotspot.text.door import shown

    typer.echo(f"hotspot: {shown(error.format_message().removeprefix('Invalid value: '))}", err=True)
    if error.ctx is not None:
        typer.echo(f"{error.ctx.get_usage()}\nMore: {error.ctx.command_path} --help", err=True)


@cache
def _everywhere() -> tuple[Any, ...]:
    """The options that every command has, made by typer itself: how it makes one differs from version to version."""
    plain = typer.Typer()

    @plain.command()
    def every(quiet: Quiet = False, log: Log = False) -> None:
        """Never called."""

    made = [one for one in typer.main.get_command(plain).params if one.opts[0] in ("--quiet", "--log")]
    for one in made:
        one.expose_value = False  # their callbacks do what they do; the command's function is not asked
    return tuple(made)


def options_of(app: typer.Typer) -> dict[str, tuple[str, list[str]]]:
    """
    Every command with the first sentence of its help and its options.

    Examples
    --------
    >>> from hotspot.cli import app
    >>> "--log" in options_of(app)["month"][1]
    True
    """
    group: Any = typer.main.get_command(app)
    found = {}
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        options = [text for one in command.params for text in (*one.opts, *one.secondary_opts) if text.startswith("--")]
        found[name] = ((command.help or "").strip().splitlines()[0], sorted({*options, "--help"}))
    return found


def completion_script(app: typer.Typer, shell: str) -> str:
    """
    The completion of one shell as a script without a clock: commands, options, then files.

    Parameters
    ----------
    shell : str
        ``bash``, ``zsh`` or ``fish``.

    Raises
    ------
    ValueError
        Another shell.
    """
    if shell not in _SHELLS:
        raise ValueError(f"there is no completion for {shell!r}; give one of {', '.join(_SHELLS)}.")
    return "\n".join(_SHELLS[shell](options_of(app))) + "\n"


def _bash(commands: dict[str, tuple[str, list[str]]]) -> Iterator[str]:
    yield "# bash: source <(hotspot completion bash)"
    yield "_hotspot() {"
    yield '  local cur="${COMP_WORDS[COMP_CWORD]}" options=""'
    yield '  if [ "$COMP_CWORD" -eq 1 ]; then'
    yield f"    COMPREPLY=($(compgen -W '{' '.join(commands)}' -- \"$cur\")); return"
    yield "  fi"
    yield '  case "${COMP_WORDS[1]}" in'
    for name, (_, options) in commands.items():
        yield f"    {name}) options='{' '.join(options)}' ;;"
    yield "  esac"
    yield '  if [[ "$cur" == -* ]]; then COMPREPLY=($(compgen -W "$options" -- "$cur"))'
    yield '  else COMPREPLY=($(compgen -f -- "$cur")); fi'
    yield "}"
    yield "complete -o filenames -F _hotspot hotspot"


def _zsh(commands: dict[str, tuple[str, list[str]]]) -> Iterator[str]:
    yield "#compdef hotspot"
    yield "# zsh: hotspot completion zsh > a folder of $fpath, as _hotspot"
    yield "_hotspot() {"
    yield "  local -a commands options"
    yield "  commands=("
    for name, (words, _) in commands.items():
        yield f"    {_quoted(name + ':' + words.replace(':', ';'))}"
    yield "  )"
    yield "  if (( CURRENT == 2 )); then _describe command commands; return; fi"
    yield "  case $words[2] in"
    for name, (_, options) in commands.items():
        yield f"    {name}) options=({' '.join(options)}) ;;"
    yield "  esac"
    yield "  if [[ $PREFIX == -* ]]; then compadd -- $options; else _files; fi"
    yield "}"
    yield "compdef _hotspot hotspot"


def _fish(commands: dict[str, tuple[str, list[str]]]) -> Iterator[str]:
    yield "# fish: hotspot completion fish > ~/.config/fish/completions/hotspot.fish"
    yield "complete -c hotspot -n __fish_use_subcommand -f"
    for name, (words, options) in commands.items():
        yield f"complete -c hotspot -n __fish_use_subcommand -a {name} -d {_quoted(words)}"
        for option in options:
            yield f"complete -c hotspot -n '__fish_seen_subcommand_from {name}' -l {option.removeprefix('--')}"


def _quoted(text: str) -> str:
    """A text between single quotes that no shell runs."""
    return "'" + re.sub(r"[\\`$]", "", text).replace("'", "’") + "'"


_SHELLS = {"bash": _bash, "zsh": _zsh, "fish": _fish}


def add_to(app: typer.Typer) -> None:
    """Give the command of this file to the shell."""

    @app.command()
    def completion(shell: Annotated[str, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")]) -> None:
        """Print what completes commands, options and files in bash, zsh or fish."""
        typer.echo(completion_script(app, shell), nl=False)
