"""The documentation tells the truth: generated parts, links, configuration, commands, codes, card."""

import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from hydra_cli.main import build
from hydra_core import images
from hydra_core.config import load_config, parse_config
from hydra_core.domain import Status

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")] + sorted(ROOT.glob("docs/**/*.md"))
REST = """\
deployment: docs
epics:
  prefix: "DOCS:"
  inputs: {beam: "DOCS:beam"}
defaults:
  classes:
    Good: {severity: none, key: g}
    Bad: {severity: major, key: b}
    NoData: {severity: minor, key: n}
plots:
  CDC_occupancy: {pv: CDC_OCC, response: Call.}
"""
"""What a fragment of a configuration lacks to be a whole one."""

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
WHOLE = " ;"
"""Marks a command line that can be typed as it stands, unlike one that is only named in a sentence."""
SECTION = re.compile(r"^(?=[a-z_]+:)", re.MULTILINE)


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_parts_are_up_to_date(generate: ModuleType) -> None:
    pages: dict[Path, str] = generate.pages()
    old = [relative(path) for path, text in pages.items() if path.read_text(encoding="utf-8") != text]
    assert not old, f"run `make generated`: {old}"
    parts = {name for text in pages.values() for name in generate.PARTS if f"<!-- generated: {name} -->" in text}
    assert parts == set(generate.PARTS)


def without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", FENCE.sub("", text))


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(without_code(page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), f"{link} leads nowhere"
        assert target.is_relative_to(ROOT), f"{link} leads out of the repository"
        if anchor:
            assert anchor in anchors(target), f"{link}: no such heading"


def anchors(page: Path) -> set[str]:
    """Return the anchors that Markdown viewers give a page's headings."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


def yaml_blocks() -> Iterator[Any]:
    for page in PAGES:
        blocks = (text for kind, text in FENCE.findall(page.read_text(encoding="utf-8")) if kind == "yaml")
        for number, text in enumerate(blocks, 1):
            yield pytest.param(text, id=f"{relative(page)} {number}")


@pytest.mark.parametrize("text", list(yaml_blocks()))
def test_every_configuration_can_be_loaded(text: str, tmp_path: Path) -> None:
    given = {section.partition(":")[0] for section in SECTION.split(text)}
    missing = [s for s in SECTION.split(REST) if s.partition(":")[0] not in given]
    whole = text if "deployment" in given else "".join(missing) + text
    config = parse_config(whole, tmp_path / "hall.yaml", {})
    assert config.plot_types()
    lacking = [warning for warning in config.warnings() if "no response" in warning]
    assert "plots" not in given or not lacking


def test_a_wrong_configuration_would_be_noticed(tmp_path: Path) -> None:
    from hydra_core.errors import ConfigError

    with pytest.raises(ConfigError, match="treshold"):
        parse_config(REST.replace("response: Call.", "treshold: 1"), tmp_path / "hall.yaml", {})


def shell_lines(text: str) -> Iterator[str]:
    """Yield every command line of a page: of its shell blocks, and what stands between back-ticks."""
    for kind, block in FENCE.findall(text):
        if kind in ("bash", "ini"):
            yield from (line.split(" #")[0] + WHOLE for line in block.splitlines() if not line.lstrip().startswith("#"))
    yield from re.findall(r"`([^`\n]+)`", FENCE.sub("", text))


def named_commands() -> list[tuple[str, str]]:
    """Return every ``hydra …`` of the documentation with the page it stands on."""
    found = []
    for page in PAGES:
        for line in shell_lines(page.read_text(encoding="utf-8")):
            match = re.search(r"(?:^|=|/bin/|… )((?:/opt/hydra/\.venv/bin/)?hydra [a-zA-Z-].*)", line.strip())
            if match:
                found.append((match[1].removeprefix("/opt/hydra/.venv/bin/"), relative(page)))
    return found


def test_every_named_command_exists(generate: ModuleType) -> None:
    known = dict(generate.commands(build()))
    named = named_commands()
    assert len(named) > 40
    wrong = [f"{page}: {line}" for line, page in named if not exists(line, known)]
    assert not wrong, "\n".join(wrong)


def exists(line: str, known: dict[str, Any]) -> bool:
    """Tell whether a line is a command of the application, with options that it has."""
    whole = line.endswith(WHOLE)
    words = shlex.split(line.removesuffix(WHOLE).split("&&")[0])
    if words[1].isupper():
        return True
    name = max((n for n in known if words[: len(n.split())] == n.split()), key=len)
    command, rest = known[name], words[len(name.split()) :]
    group = bool(getattr(command, "commands", {}))
    if group:
        return rest[:1] == ["--help"] or (name != "hydra" and not rest)
    options = {option: param for param in command.params for option in (*param.opts, *param.secondary_opts)}
    given, needed = 0, sum(p.required for p in command.params if p.param_type_name == "argument")
    value_of = None
    for word in rest:
        if word.startswith("-") and word not in options and word != "--help":
            return False
        given += not word.startswith("-") and (value_of is None or value_of.is_flag)
        value_of = options.get(word) if word.startswith("-") else None
    return given >= needed or not whole


def test_the_check_of_commands_can_fail(generate: ModuleType) -> None:
    known = dict(generate.commands(build()))
    assert exists("hydra config show --resolved -c hall.yaml", known)
    assert not exists("hydra config improve", known)
    assert not exists("hydra config check --quickly", known)
    assert not exists("hydra frobnicate", known)
    assert exists("hydra model promote", known)
    assert not exists("hydra model promote -c hall.yaml" + WHOLE, known)
    assert exists("hydra model promote -c hall.yaml CDC:1" + WHOLE, known)


def test_every_command_is_in_the_reference(generate: ModuleType) -> None:
    reference = (ROOT / "docs/reference/commands.md").read_text(encoding="utf-8")
    leaves = [name for name, command in generate.commands(build()) if not getattr(command, "commands", {})]
    assert [name for name in leaves if f"## {name}\n" not in reference] == []


def test_every_code_of_a_picture_is_explained() -> None:
    page = (ROOT / "docs/reference/rejects.md").read_text(encoding="utf-8")
    raised = set()
    for file in (ROOT / "hydra_core/images").glob("*.py"):
        raised |= set(re.findall(r"ImageError\(\s*\"([A-Z_]+)\"", file.read_text(encoding="utf-8")))
    for file in (ROOT / "hydra_core/sources").glob("*.py"):
        raised |= set(re.findall(r"\"([A-Z]{4,}): ", file.read_text(encoding="utf-8")))
        raised |= set(re.findall(r"'([A-Z]{4,}): ", file.read_text(encoding="utf-8")))
    assert {"TRUNCATED", "SHAPE", "NAME", "NOTREG"} <= raised
    assert {code for code in raised if f"| `{code}` |" not in page} == set()
    assert set(re.findall(r"^([A-Z_]+) ", images.__doc__ or "", re.MULTILINE)) <= raised


def test_every_status_is_explained() -> None:
    for name in ("reference/pvs.md", "explanations/how-a-verdict-is-made.md", "how-to/alarm-handlers.md"):
        page = (ROOT / "docs" / name).read_text(encoding="utf-8")
        assert [status.name for status in Status if status.name not in page] == []


def test_every_key_of_a_card_is_explained() -> None:
    from hydra_ml.card import Card

    page = (ROOT / "docs/reference/model-bundle.md").read_text(encoding="utf-8")
    table = page.partition("## card.json")[2].partition("\n## ")[0]
    explained = set(re.findall(r"`(\w+)`", "".join(line.split("|")[1] for line in table.splitlines() if "|" in line)))
    assert explained == set(Card.model_fields)


def test_every_decision_is_listed() -> None:
    records = sorted((ROOT / "docs/explanations/decisions").glob("*.md"))
    numbers = [record.name[:4] for record in records]
    assert numbers == [f"{number:04}" for number in range(1, len(records) + 1)]
    index = (ROOT / "docs/index.md").read_text(encoding="utf-8")
    for record in records:
        text = record.read_text(encoding="utf-8")
        title = text.splitlines()[0]
        assert title.startswith(f"# {record.name[:4]} ")
        assert record.name in index
        assert [part for part in ("Context", "Decision", "Consequences") if f"\n## {part}\n" not in text] == []


def test_the_example_hall_is_right_for_the_reference() -> None:
    hall = load_config(ROOT / "config/hall-d.example.yaml", {})
    page = (ROOT / "docs/reference/pvs.md").read_text(encoding="utf-8")
    assert [plot.name for plot in hall.plot_types() if f"{hall.epics.prefix}{plot.pv}:" not in page] == []
