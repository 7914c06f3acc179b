"""A sound hall, and a way to see what is said of a broken one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hydra_core.config import parse_config
from hydra_core.errors import ConfigError

SOUND = """\
deployment: hall-d
timezone: America/New_York
epics: {prefix: "HYDRA:HALLD:", inputs: {beam: IBCAD00CRCUR6}}
defaults:
  threshold: 0.9
  classes:
    Good: {severity: none, key: g}
    Bad: {severity: major, key: b}
sources:
  - {kind: directory, path: incoming, pattern: "Run{run:d}/{plot}_{chunk:d}.png"}
plots:
  CDC_occupancy: {pv: CDC_OCC, response: Call.}
  FCAL_occupancy: {pv: FCAL_OCC, response: Call.}
"""


@pytest.fixture
def sound() -> str:
    """YAML with nothing wrong in it, 13 lines."""
    return SOUND


@pytest.fixture
def complaint() -> Callable[[str], str]:
    """A function that returns the message with which a text is refused."""

    def refused(text: str) -> str:
        with pytest.raises(ConfigError) as caught:
            parse_config(text, Path("hall.yaml"), {})
        return str(caught.value)

    return refused
