"""Access security as EPICS has it: who may read and write which PVs, from where and when (an ``.acf`` file)."""

from hydra_core.acf.file import load_rules
from hydra_core.acf.grammar import parse_rules
from hydra_core.acf.rules import NOTHING, AccessRules, Grant, Group, Level, Rule

__all__ = ["NOTHING", "AccessRules", "Grant", "Group", "Level", "Rule", "load_rules", "parse_rules"]
