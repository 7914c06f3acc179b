"""Checks a source's file name pattern, so that a typo fails before anything is watched."""

import re

from hydra_core.config.problems import did_you_mean
from hydra_core.errors import ConfigError

PLACEHOLDERS = ("{plot}", "{run:d}", "{chunk:d}", "{period}", "{pad}", "{run}", "{chunk}")


def check_pattern(pattern: str) -> str:
    """Return the pattern unchanged. Raises ValueError that says what is wrong and what would be right."""
    found = re.findall(r"\{[^{}]*\}", pattern)
    rest = re.sub(r"\{[^{}]*\}", "", pattern)
    if "{" in rest or "}" in rest:
        raise ValueError(f'"{pattern}" has a brace without its partner')
    for placeholder in found:
        if placeholder not in PLACEHOLDERS:
            raise ValueError(f"{placeholder} is no placeholder{did_you_mean(placeholder, PLACEHOLDERS)}")
        if found.count(placeholder) > 1:
            raise ValueError(f"{placeholder} stands twice in the pattern; keep one")
    if "{plot}" not in found:
        raise ValueError(f'"{pattern}" lacks {{plot}}, the name of the plot')
    if re.search(r"\}\{", pattern):
        raise ValueError(f'"{pattern}" has two placeholders side by side; put a separator such as "_" between them')
    if pattern.startswith("/") or "\\" in pattern or ".." in pattern.split("/"):
        raise ValueError(f'"{pattern}" must stay below path: no "/" at its start, no "..", no "\\"')
    return _accepted(pattern)


def _accepted(pattern: str) -> str:
    """Let the source itself have the last word, so that what passes here works there."""
    from hydra_core.sources.grammar import NamePattern

    try:
        NamePattern(pattern)
    except ConfigError as error:
        raise ValueError(str(error)) from error
    return pattern
