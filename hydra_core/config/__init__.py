"""A hall's configuration: one YAML file, checked strictly before anything starts."""

from hydra_core.config.hall import HallConfig
from hydra_core.config.load import load_config, parse_config
from hydra_core.config.schema import json_schema
from hydra_core.config.shown import Setting, render, render_resolved, resolved

__all__ = [
    "HallConfig",
    "Setting",
    "json_schema",
    "load_config",
    "parse_config",
    "render",
    "render_resolved",
    "resolved",
]
