"""Writes the generated parts of the documentation: commands, PVs, configuration keys, tables.

A page holds a part between ``<!-- generated: NAME -->`` and ``<!-- end: NAME -->``; everything around it is written
by hand. ``python docs/generate.py`` brings all pages up to date, and a test compares them.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import typer

from db_schema.tables import metadata
from hydra_cli.main import build
from hydra_core.config import json_schema, load_config
from hydra_core.domain import PlotType, Policy
from hydra_core.pvs import Element, Kind, PvSpec, all_names, class_pvs, plot_pvs, service_pvs

DOCS = Path(__file__).parent
EXAMPLE = DOCS.parent / "config" / "hall-d.example.yaml"
TITLES: tuple[tuple[str, str], ...] = (
    ("database", "Database"),
    ("archive", "Archive"),
    ("archive.keep_days", "KeepDays"),
    ("models", "Models"),
    ("epics", "Epics"),
    ("epics.inputs", "Inputs"),
    ("epics.compat", "Compat"),
    ("epics.put_log[]", "PutLogServer"),
    ("epics.recsync", "RecSync"),
    ("defaults", "Judging"),
    ("….confirm", "Confirm"),
    ("….active_when", "ActiveWhen"),
    ("….classes.NAME", "ClassEntry"),
    ("sources[], kind: directory", "DirectorySource"),
    ("sources[], kind: http", "HttpSource"),
    ("plots.NAME", "PlotEntry"),
    ("notify[]", "Notice"),
    ("web", "Web"),
    ("web.auth", "Auth"),
    ("web.auth.proxy", "TrustedProxy"),
    ("web.auth.ldap", "Ldap"),
    ("web.roles", "Roles"),
    ("logbook", "Logbook"),
)
"""Where each definition of the configuration's schema stands in the YAML."""


def pages() -> dict[Path, str]:
    """Return the whole text of every page that has generated parts, as it should be."""
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(DOCS.rglob("*.md"))}
    return {path: fill(text) for path, text in texts.items() if _PART.search(text)}


def fill(page: str) -> str:
    """Return a page with its generated parts written anew. Raises KeyError for a part that nobody makes."""
    return _PART.sub(lambda part: f"{part[1]}\n\n{PARTS[part[2]]().strip()}\n\n{part[3]}", page)


def commands(app: typer.Typer) -> Iterator[tuple[str, Any]]:
    """Yield every command of the application with its whole name, e.g. ``hydra config check``, groups included."""
    yield from _commands("hydra", typer.main.get_command(app))


def _commands(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    yield name, command
    for word in sorted(getattr(command, "commands", {})):
        yield from _commands(f"{name} {word}", command.commands[word])


def _command_part() -> str:
    found = [(name, command) for name, command in commands(build()) if not getattr(command, "commands", {})]
    contents = table(("command", "what it does"), ((_link(n), _first_line(c.help)) for n, c in found))
    return "\n\n".join([contents, *(_command_text(name, command) for name, command in found)])


def _link(name: str) -> str:
    return f"[`{name}`](#{name.replace(' ', '-')})"


def _first_line(text: str | None) -> str:
    return (text or "").strip().split("\n\n")[0].replace("\n", " ")


def _command_text(name: str, command: Any) -> str:
    params = [p for p in command.params if p.name != "help" and not getattr(p, "hidden", False)]
    arguments = [p for p in params if p.param_type_name == "argument"]
    usage = " ".join([name, *(_usage(p) for p in arguments), "[OPTIONS]"])
    rows = ((f"`{_spelling(p)}`", _default(p), p.help or "") for p in params)
    text = f"## {name}\n\n{(command.help or '').strip()}\n\n```text\n{usage}\n```"
    return text + ("\n\n" + table(("option", "default", "meaning"), rows) if params else "")


def _usage(argument: Any) -> str:
    name = argument.name.upper() + ("…" if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def _spelling(param: Any) -> str:
    if param.param_type_name == "argument":
        return str(param.name.upper())
    spelled = ", ".join([*param.opts, *param.secondary_opts])
    return spelled if param.is_flag else f"{spelled} VALUE"


def _default(param: Any) -> str:
    variable = f"`${param.envvar}`" if isinstance(param.envvar, str) else ""
    if param.required:
        return f"required, or {variable}" if variable else "required"
    if param.default in (None, False, "", ()) or callable(param.default):
        return variable
    return f"`{param.default}`"


def _plot_pv_part() -> str:
    return _pv_table((*plot_pvs(PlotType("", "Title", "", "", (), Policy({}, {}))), *class_pvs(0, "class 0 (1 …)")))


def _service_pv_part() -> str:
    return _pv_table(service_pvs())


def _pv_table(specs: Iterable[PvSpec]) -> str:
    head = ("suffix", "record", "holds", "description", "put", "alarms", "archive")
    rows = (
        (f"**{s.suffix}**", str(s.kind), _holds(s), s.description, s.writable, _tick(s.alarms), _tick(s.archive))
        for s in specs
    )
    return table(head, rows)


def _holds(spec: PvSpec) -> str:
    if spec.states:
        return " ".join(spec.states)
    if spec.suffix in ("CLASS", "SHADOW:CLASS"):
        return "the plot type's classes"
    if spec.kind is Kind.WAVEFORM:
        what = {Element.DOUBLE: "numbers", Element.STRING: "texts", Element.UCHAR: "bytes"}[spec.element]
        return f"{spec.length} {what}" if spec.length else f"one of the {what} per class"
    if spec.kind is Kind.LSI:
        return f"text of up to {spec.length}"
    span = f"{spec.low:g}…{spec.high:g}" if spec.high > spec.low else ""
    return " ".join(part for part in (span, spec.units) if part)


def _tick(yes: bool) -> str:
    return "yes" if yes else ""


def _hall_part() -> str:
    hall = load_config(EXAMPLE, {})
    plots, prefix = hall.plot_types(), hall.epics.prefix
    rows = ((p.name, f"`{prefix}{p.pv}:`", " ".join(f"{i} {n}" for i, n in enumerate(p.class_names()))) for p in plots)
    count = sum(1 for _ in all_names(prefix, plots))
    service = f"The service's own PVs begin with `{prefix}SYS:`. All together the hall serves {count} PVs."
    return table(("plot type", "its PVs begin with", "states of CLASS"), rows) + "\n\n" + service


def _keys_part() -> str:
    schema = json_schema()
    definitions = schema["$defs"]
    parts = ["### top level\n\n" + _keys(schema)]
    for title, name in TITLES:
        own = definitions[name]
        shared = definitions["Judging"]["properties"] if name == "PlotEntry" else {}
        text = f"### {title}\n\n{own['description']}\n\n{_keys(own, shared)}"
        parts.append(text + ("\n\nand every key of `defaults`." if shared else ""))
    return "\n\n".join(parts)


def _keys(schema: Mapping[str, Any], without: Iterable[str] = ()) -> str:
    required = schema.get("required", ())
    rows = (
        (f"`{key}`", _kind(value), "required" if key in required else _default_of(value), _meaning(value))
        for key, value in schema["properties"].items()
        if key not in without
    )
    return table(("key", "value", "default", "meaning"), rows)


def _kind(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return "mapping"
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_kind(one) for one in schema["anyOf"]))
    if "enum" in schema or "const" in schema:
        return " ".join(f"`{value}`" for value in schema.get("enum", [schema.get("const")]))
    if "examples" in schema:
        return "such as " + ", ".join(f"`{example}`" for example in schema["examples"])
    names = {"object": "mapping", "array": "list", "string": "text", "integer": "whole number", "null": "`null`"}
    return names.get(schema.get("type", ""), str(schema.get("type", "")))


def _default_of(schema: Mapping[str, Any]) -> str:
    default = schema.get("default")
    if "$ref" in schema or default in ("", [], {}):
        return ""
    seconds = any("ms|s|m|h|d" in str(one.get("pattern", "")) for one in (schema, *schema.get("anyOf", ())))
    if seconds and isinstance(default, int | float):
        from hydra_core.config.values import duration_text

        return f"`{duration_text(default)}`"
    return f"`{'null' if default is None else default}`"


def _meaning(schema: Mapping[str, Any]) -> str:
    return str(schema.get("description", "see below"))


def _simulated_part() -> str:
    from hydra_ml.simulate import faults, plot_types

    texts = []
    for name in plot_types():
        rows = ((f"`{fault.name}`", fault.label, fault.special, fault.meaning) for fault in faults(name))
        texts.append(f"### {name}\n\n{table(('fault', 'label', 'or class', 'what is wrong'), rows)}")
    return "\n\n".join(texts)


def _table_part() -> str:
    return "\n\n".join(_table_text(metadata.tables[name]) for name in sorted(metadata.tables))


def _table_text(one: Any) -> str:
    rows = ((f"`{c.name}`", _column_type(c), _refers(c)) for c in one.columns)
    serves = [f"- `{i.name}` serves {i.info['serves']}" for i in sorted(one.indexes, key=lambda i: str(i.name))]
    text = f"### {one.name}\n\n{one.comment}.\n\n{table(('column', 'type', ''), rows)}"
    return text + ("\n\n" + "\n".join(serves) if serves else "")


def _column_type(column: Any) -> str:
    from sqlalchemy.dialects import mysql

    return str(column.type.compile(mysql.dialect())) + ("" if column.nullable else " not null")


def _refers(column: Any) -> str:
    targets = sorted(key.target_fullname for key in column.foreign_keys)
    return ", ".join(f"→ {target}" for target in targets)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table."""
    names = tuple(head)
    lines = [names, ("---",) * len(names), *(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


PARTS: Mapping[str, Callable[[], str]] = {
    "commands": _command_part,
    "plot PVs": _plot_pv_part,
    "service PVs": _service_pv_part,
    "PVs of the example hall": _hall_part,
    "configuration keys": _keys_part,
    "tables": _table_part,
    "simulated plots": _simulated_part,
}
_PART = re.compile(r"(<!-- generated: ([^>]+?) -->).*?(<!-- end: \2 -->)", re.DOTALL)


def main() -> None:
    """Write every page that has generated parts."""
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
