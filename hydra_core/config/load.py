"""Loads a hall's YAML: reads, validates, cross-checks, and reports everything that is wrong at once."""

import copy
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hydra_core.config import checks
from hydra_core.config.database import PASSWORD_VARIABLE, credential
from hydra_core.config.document import Document, parse_document, read_document
from hydra_core.config.explain import explain
from hydra_core.config.hall import HallConfig
from hydra_core.config.problems import Problem, line_of, refuse


def load_config(path: Path, environ: Mapping[str, str] | None = None) -> HallConfig:
    """Load and check a hall's YAML; `environ` (default: the process's) may hold $HYDRA_DB_PASSWORD.

    Raises ConfigError whose one message has a line for every problem found.
    """
    return _checked(read_document(path), path.absolute().parent, os.environ if environ is None else environ)


def parse_config(text: str, path: Path, environ: Mapping[str, str] | None = None) -> HallConfig:
    """Check YAML text as if it stood in the file `path`, which need not exist. Raises ConfigError."""
    document = parse_document(text, str(path))
    return _checked(document, path.absolute().parent, os.environ if environ is None else environ)


def _checked(document: Document, base: Path, environ: Mapping[str, str]) -> HallConfig:
    found = list(document.problems)
    try:
        config: HallConfig | None = _validated(document.data, base)
    except ValidationError as error:
        wrong = explain(error, HallConfig, document.lines)
        found += [problem for problem in wrong if not _known(problem, document.problems)]
        config = _sound_part(document.data, wrong, base)
    if config is not None:
        found += _placed(document, checks.problems(config))
    if found or config is None:
        raise refuse(document.name, found)
    warned = _placed(document, checks.warnings(config))
    texts = tuple(problem.render(document.name) for problem in warned)
    config.attach(document, base, environ.get(PASSWORD_VARIABLE), texts, credential(environ))
    return config


def _validated(data: object, base: Path) -> HallConfig:
    return HallConfig.model_validate(data, context={"base": base})


def _known(problem: Problem, earlier: Iterable[Problem]) -> bool:
    """A value that could not even be read needs no second complaint."""
    return (problem.keys, problem.line) in {(one.keys, one.line) for one in earlier}


def _placed(document: Document, problems: Iterable[Problem]) -> list[Problem]:
    return [Problem(one.keys, one.text, line_of(document.lines, one.keys)) for one in problems]


def _sound_part(data: dict[str, object], problems: Iterable[Problem], base: Path) -> HallConfig | None:
    """Return the configuration without its unsound parts, so that the rest can be cross-checked in the same go.

    None when a part is unsound on which the meaning of the others depends.
    """
    sound: dict[str, Any] = copy.deepcopy(data)
    plots = sound.get("plots")
    for problem in problems:
        match problem.keys:
            case ("plots", str(name), *_) if isinstance(plots, dict):
                plots.pop(name, None)
            case (str(section), *_) if section not in ("deployment", "epics", "defaults", "plots"):
                sound.pop(section, None)
            case _:
                return None
    try:
        return _validated(sound, base) if plots else None
    except ValidationError:
        return None  # e.g. a required section under a misspelt name
