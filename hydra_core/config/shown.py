"""Shows a configuration as it takes effect: every value, and where it came from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from hydra_core.config.checks import inheritances
from hydra_core.config.hall import HallConfig
from hydra_core.config.plots import ActiveWhen
from hydra_core.config.problems import Keys, dotted, line_of
from hydra_core.config.resolve import Found, Inheritance
from hydra_core.config.values import duration_text

BUILT_IN = "built-in default"
_PLACED: tuple[Keys, ...] = (("database", "url"), ("archive", "path"), ("models", "path"))
"""Below data_dir unless given."""
_PLAIN = ("group", "pv", "model", "contact", "guidance", "response")


@dataclass(frozen=True, slots=True)
class Setting:
    """One effective value. `origin` is e.g. ``defaults line 14``; `line` is None for a built-in default."""

    path: str
    value: str | int | float | bool | None
    origin: str
    line: int | None = None


def resolved(config: HallConfig) -> tuple[Setting, ...]:
    """Return every effective value: the sections in the file's order of fields, then each plot type in full."""
    return (*_sections(config), *(one for plot in inheritances(config) for one in _plot(config, plot)))


def render_resolved(config: HallConfig) -> str:
    """Return the settings as aligned lines ``path  value  # origin``."""
    settings = resolved(config)
    left = [(setting.path, _yaml(setting.value)) for setting in settings]
    wide = max(len(path) for path, _ in left)
    deep = min(48, max(len(value) for _, value in left))
    return "\n".join(
        f"{path:<{wide}}  {value:<{deep}}  # {setting.origin}"
        for (path, value), setting in zip(left, settings, strict=True)
    )


def render(config: HallConfig) -> str:
    """Return what the file says, normalised, as YAML."""
    return yaml.safe_dump(config.model_dump(mode="json", exclude_unset=True), sort_keys=False, allow_unicode=True)


def _yaml(value: object) -> str:
    return yaml.safe_dump(value, allow_unicode=True, width=1_000_000).removesuffix("\n...\n").removesuffix("\n")


def _setting(config: HallConfig, keys: Keys, value: Any, found: Keys | None) -> Setting:
    lines = config.document.lines if config.document else {}
    if found is None or not _stands(found, lines):
        return Setting(dotted(keys), value, BUILT_IN)
    line = line_of(lines, found)
    layer = f"plots.{found[1]} " if found[0] == "plots" else f"{found[0]} " if found != keys or len(keys) > 1 else ""
    return Setting(dotted(keys), value, f"{layer}line {line}", line)


def _stands(keys: Keys, lines: Mapping[Keys, int]) -> bool:
    """Tell whether the file gives the value; a number for all classes stands one level higher than a table's."""
    return keys in lines or (keys[-2:] in (("threshold", "*"), ("leave", "*")) and keys[:-1] in lines)


def _sections(config: HallConfig) -> Iterator[Setting]:
    shown = config.model_dump(mode="json", exclude={"plots", "defaults"})
    shown["database"]["url"] = config.database_address()
    given = config.document.lines if config.document else {}
    for keys, value in _leaves(shown, ()):
        yield _setting(config, keys, value, ("data_dir",) if keys in _PLACED and keys not in given else keys)
    if config.password_origin():
        yield Setting("database.password", "***", str(config.password_origin()))


def _leaves(value: Any, keys: Keys) -> Iterator[tuple[Keys, Any]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, (*keys, key))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from _leaves(inner, (*keys, index))
    elif value not in ({}, []):
        yield keys, value


def _plot(config: HallConfig, plot: Inheritance) -> Iterator[Setting]:
    here: Keys = ("plots", plot.name)

    def setting(found: Found, *keys: str) -> Setting:
        return _setting(config, (*here, *keys), _plain(found.value), found.keys)

    yield setting(plot.title(), "title")
    for field in _PLAIN:
        yield setting(Found(getattr(plot.entry, field), (*here, field)), field)
    for name in plot.class_names():
        yield setting(plot.threshold(name), "threshold", name)
    for name in plot.class_names():
        yield setting(plot.leave(name), "leave", name)
    yield setting(plot.confirm("bad"), "confirm", "bad")
    yield setting(plot.confirm("clear"), "confirm", "clear")
    for field in ("on_delay", "off_delay", "stale_after"):
        found = plot.setting(field)
        yield setting(Found(_duration(found.value), found.keys), field)
    gate = plot.setting("active_when")
    for field in ActiveWhen.model_fields:
        value = getattr(gate.value, field) if gate.value else None
        yield setting(Found(_duration(value) if field == "settle" else value, gate.keys), "active_when", field)
    yield setting(plot.setting("mode"), "mode")
    yield setting(plot.setting("novelty"), "novelty")
    yield setting(plot.setting("suspect_severity"), "suspect_severity")
    for name in plot.class_names():
        yield setting(plot.class_setting(name, "severity"), "classes", name, "severity")
        yield setting(plot.class_setting(name, "key"), "classes", name, "key")
        yield setting(plot.colour(name), "classes", name, "colour")
        for field in ("description", "response"):
            yield setting(plot.class_setting(name, field), "classes", name, field)


def _duration(seconds: float | None) -> str | None:
    return None if seconds is None else duration_text(seconds)


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
