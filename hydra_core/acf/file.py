"""Loads a hall's access file and holds it against the PVs that the hall serves."""

from collections.abc import Collection
from pathlib import Path

from hydra_core.acf.grammar import parse_rules
from hydra_core.acf.rules import AccessRules
from hydra_core.errors import ConfigError


def load_rules(path: Path, pvs: Collection[str]) -> AccessRules:
    """Return the rules of a file whose inputs are among `pvs` (names without fields).

    Raises ConfigError when it cannot be read, is wrong, or asks for a PV that is not served here.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such file; epics.access_file names the access rules") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    rules = parse_rules(text, str(path))
    for group, letter, pv in rules.input_pvs():
        if pv.removesuffix(".VAL") not in pvs:
            raise ConfigError(
                f"{path}: ASG({group}): INP{letter}({pv}) is no PV of this IOC; rules can look at its own PVs only"
            )
    return rules
