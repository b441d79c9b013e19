"""Writes what follows from the code: man pages of the commands and of psfu.toml, etc/psfu.toml, completion scripts.

``make man`` runs it, and a test holds what is committed against it. A page has, in this order, what the command tree or
the settings say and the sections of its file in ``man/parts``, which are written by hand in man(7).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import tomli_w
import typer
from textual.keys import format_key

from proctor_sfu import __version__, events
from proctor_sfu.settings_file import BETWEEN, PREFIX, template
from proctor_sfu.settings_keys import Key, tables
from psfu_cli.app import whole
from psfu_cli.commands.completion import Shell, script
from psfu_cli.options import PANEL
from psfu_tui.options import TABLES
from psfu_tui.start import bindings

ROOT: Final = Path(__file__).parents[1]
PARTS: Final = ROOT / "man" / "parts"
DATE: Final = "2026-11-24"
"""Of the manual; changed when its words are."""
_SPECIAL: Final = {"\\": "\\e", "-": "\\-", "`": "\\(ga", "~": "\\(ti", "^": "\\(ha"}
ALONE: Final = ("audit", "monitor", "plan", "simulate", "rehearse", "report", "stats")
"""Commands that are no noun and yet have a page of their own."""
COMPLETIONS: Final = {Shell.BASH: "psfu.bash", Shell.ZSH: "_psfu", Shell.FISH: "psfu.fish"}


def everything() -> dict[str, str]:
    """Return all generated files: path below the root -> text."""
    tree = typer.main.get_command(whole())
    root = typer.Context(tree, info_name="psfu", **tree.context_settings)
    nouns = {
        name: command for name, command in tree.commands.items() if hasattr(command, "commands") and not command.hidden
    }
    pages = {"psfu.1": _main_page(tree, root, nouns), "psfu.toml.5": _settings_page()}
    pages["psfu-events.7"] = _events_page()
    pages["psfu-metrics.7"] = _text([*_head("psfu-metrics", "7", "What Prometheus gets."), *_whole("psfu-metrics.7")])
    for name, noun in nouns.items():
        pages[f"psfu-{name}.1"] = _noun_page(name, noun, root)
    for name, command in tree.commands.items():
        if name in ALONE:
            pages[f"psfu-{name}.1"] = _command_page(name, command, root)
    return {
        **{f"man/{name}": text for name, text in pages.items()},
        "etc/psfu.toml": template(),
        **{f"etc/completion/{file}": script(shell) for shell, file in COMPLETIONS.items()},
    }


# Pages of commands.


def _main_page(tree: Any, root: typer.Context, nouns: dict[str, Any]) -> str:
    lines = [*_head("psfu", "1", tree.help), ".SH SYNOPSIS", ".B psfu", "[options]", ".I noun verb", "[options]"]
    for name, command in tree.commands.items():
        if name not in nouns and not command.hidden:
            lines += [".br", *_usage(command, _context(command, name, root))]
    lines += [*_part("psfu", "DESCRIPTION"), ".SH NOUNS", "Each has a page of its own."]
    for name, noun in nouns.items():
        lines += [".TP", f".BR psfu\\-{name} (1)", escape(noun.help)]
    lines += [".SH COMMANDS"]
    for name, command in tree.commands.items():
        if name not in nouns and not command.hidden:
            lines += _mention(name, command) if name in ALONE else _command(command, _context(command, name, root))
    lines += [".SH SHARED OPTIONS", "Every command but", ".BR serve", "and", ".BR completion"]
    lines += ["takes these, before its noun or after its verb. What stands later counts."]
    lines += _options(tree, root)
    return _text([*lines, *_part("psfu")])


def _noun_page(name: str, noun: Any, root: typer.Context) -> str:
    context = _context(noun, name, root)
    verbs = [(each, command) for each, command in noun.commands.items() if not command.hidden]
    lines = [*_head(f"psfu-{name}", "1", noun.help), ".SH SYNOPSIS"]
    for index, (each, command) in enumerate(verbs):
        lines += [*([".br"] if index else []), *_usage(command, _context(command, each, context))]
    lines += [*_part(f"psfu-{name}", "DESCRIPTION"), ".SH COMMANDS"]
    for each, command in verbs:
        lines += _command(command, _context(command, each, context))
    lines += ["", ".PP", "All take the shared options and end with the exit codes of", ".BR psfu (1)."]
    lines += _part(f"psfu-{name}")
    if ".SH SEE ALSO" not in lines:
        lines += [".SH SEE ALSO", ".BR psfu (1)"]
    return _text([line for line in lines if line])


def _command_page(name: str, command: Any, root: typer.Context) -> str:
    context = _context(command, name, root)
    about = re.split(r"\n\s*\n", command.help.strip())
    lines = [*_head(f"psfu-{name}", "1", about[0]), ".SH SYNOPSIS", *_usage(command, context), ".SH DESCRIPTION"]
    for index, paragraph in enumerate(about):
        lines += [*([".PP"] if index else []), *sentences(paragraph)]
    lines += [*_part(f"psfu-{name}", "DESCRIPTION")[1:], ".SH OPTIONS", *_options(command, context, but=PANEL)]
    lines += [".PP", "The shared options are those of", ".BR psfu (1),", "and so are the exit codes."]
    if name == "monitor":
        lines += [*_keys(), *_columns()]
    return _text([*lines, *_part(f"psfu-{name}")])


def _keys() -> Iterator[str]:
    """Yield the keys of the monitor, each with the id by which preferences change it."""
    yield from (".SH KEYS", "The name in brackets is for", ".I [keys]", "of", ".IR monitor.toml .")
    found: dict[str, list[Any]] = {}
    for binding in bindings():
        found.setdefault(str(binding.id), []).append(binding)
    for name, same in found.items():
        keys = ", ".join(escape(format_key(each.key)) for each in same)
        yield from (".TP", f'.BR "{keys}" " [{escape(name)}]"', escape(same[0].description))


def _columns() -> Iterator[str]:
    """Yield the columns of all tables of the monitor."""
    yield from (".SH COLUMNS", "A letter for", ".BR \\-\\-columns ,", "a name for filters and")
    yield from (".BR \\-\\-sort ,", "and what it means.")
    for table in TABLES.values():
        yield f".SS {escape(table.noun)}"
        for column in table.columns:
            yield from (".TP", f'.BR {escape(column.code)} " {escape(column.name)}"', escape(column.help))


def _mention(name: str, command: Any) -> list[str]:
    first = re.split(r"\n\s*\n", command.help.strip())[0]
    return [f".SS psfu {escape(name)}", *sentences(first), "See", f".BR psfu\\-{escape(name)} (1)."]


def _context(command: Any, name: str, parent: typer.Context) -> typer.Context:
    return typer.Context(command, info_name=name, parent=parent, **command.context_settings)


def _usage(command: Any, context: typer.Context) -> list[str]:
    pieces = [
        each.replace("{", "").replace("}", "") for each in command.collect_usage_pieces(context) if each != "[OPTIONS]"
    ]
    shown = ["[options]", *(f"\\fI{escape(each)}\\fR" for each in pieces)]
    return [f".B {escape(context.command_path)}", " ".join(shown)]


def _command(command: Any, context: typer.Context) -> list[str]:
    lines = [f".SS {escape(context.command_path)}"]
    for index, paragraph in enumerate(re.split(r"\n\s*\n", command.help.strip())):
        lines += [*([".PP"] if index else []), *sentences(paragraph)]
    return lines + _options(command, context, but=PANEL)


def _options(command: Any, context: typer.Context, but: str = "") -> list[str]:
    lines = []
    for each in command.get_params(context):
        if getattr(each, "hidden", False) or (but and getattr(each, "rich_help_panel", None) == but):
            continue
        if each.name in ("help", "version"):
            continue
        head, about = each.get_help_record(context)
        about = about.replace("[required]", "")
        if each.param_type_name == "argument":
            head = f"\\fI{escape(re.sub(r' <.*', '', head))}\\fR"
        else:
            # "-o, --output <table|wide>" or "--socket PATH".
            names, value = re.fullmatch(r"((?:-[\w-]+, )*-[\w-]+)(?: <?(.*?)>?)?", head).groups(default="")
            head = f"\\fB{escape(names)}\\fR" + (f" \\fI{escape(value)}\\fR" if value else "")
        lines += [".TP", head, *sentences(about)]
    return lines


# The page of settings.


def _settings_page() -> str:
    lines = [*_head("psfu.toml", "5", "Settings of psfu serve."), *_part("psfu.toml", "DESCRIPTION"), ".SH SETTINGS"]
    for table in tables():
        lines += [f".SS [{escape(table.path)}]", *sentences(table.description)]
        for key in table.keys:
            lines += _setting(key)
    return _text([*lines, *_part("psfu.toml")])


def _setting(key: Key) -> Iterator[str]:
    yield ".TP"
    yield f".B {escape(key.name)}"
    yield from sentences(key.description)
    yield from sentences(f"{key.expected[0].upper()}{key.expected[1:]}.")
    if key.default is None:
        yield "Unset by default."
    else:
        written = " ".join(tomli_w.dumps({"x": key.default}).removeprefix("x = ").split())
        yield f"Default: \\fI{escape(written)}\\fR."
    yield f"Environment: \\fB{escape(PREFIX + key.path.replace('.', BETWEEN).upper())}\\fR."


# The page of events.


def _events_page() -> str:
    lines = [
        *_head("psfu-events", "7", "What psfu tells of an exam."),
        *_part("psfu-events.7", "DESCRIPTION"),
        ".SH KINDS",
    ]
    for _, event in sorted(events.KINDS.items()):
        members = [each.name for each in dataclasses.fields(event)]
        details = [f"\\fI{escape(each)}\\fR" for each in members if each not in ("room", "peer")]
        whose = " ".join(each for each in ("room", "peer") if each in members)
        lines += [".TP", f".B {escape(event.kind)}", *sentences((event.__doc__ or "").replace("``", ""))]
        if whose:
            lines.append(f"Has \\fB{whose.replace(' ', chr(92) + 'fR and ' + chr(92) + 'fB')}\\fR.")
        if details:
            lines.append(f"Details: {', '.join(details)}.")
    return _text([*lines, *_part("psfu-events.7")])


# man(7).


def _head(name: str, section: str, about: str) -> list[str]:
    title = f'.TH {escape(name.upper())} {section} {DATE} "psfu {__version__}" "psfu Manual"'
    made = '.\\" Made by man/generate.py; edit the code or man/parts.'
    return [made, title, ".SH NAME", f"{escape(name)} \\- {escape(_phrase(about))}"]


def _phrase(sentence: str) -> str:
    text = sentence.strip().rstrip(".")
    return text[0].lower() + text[1:] if text[:2].istitle() and not text.startswith("Proctor") else text


def _part(name: str, section: str | None = None) -> list[str]:
    """Return what is written by hand for a page: one section of it, or all but DESCRIPTION."""
    file = PARTS / f"{name}.roff"
    if not file.exists():
        return []
    sections = re.split(r"(?m)^(?=\.SH )", file.read_text())
    wanted = [each for each in sections if each.startswith(".SH ")]
    chosen = [each for each in wanted if (each.splitlines()[0] == ".SH DESCRIPTION") is (section is not None)]
    return "".join(chosen).splitlines()


def _whole(name: str) -> list[str]:
    """Return all that is written by hand for a page."""
    return [*_part(name, "DESCRIPTION"), *_part(name)]


def sentences(text: str) -> list[str]:
    """Return escaped text, a line for each sentence, as man pages have it."""
    joined = " ".join(text.split())
    return [escape(each) for each in re.split(r"(?<=[a-z0-9)\]][.;:?!]) +(?=[A-Z\[(])", joined) if each]


def escape(text: str) -> str:
    """Return text that man(7) shows as it is."""
    escaped = (
        text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\(ga").replace("~", "\\(ti").replace("^", "\\(ha")
    )
    escaped = "".join(each if each.isascii() else f"\\[u{ord(each):04X}]" for each in escaped)
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


def _text(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write all files."""
    for path, text in everything().items():
        file = ROOT / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)


if __name__ == "__main__":
    main()
