"""Halls of any size, for what must hold of all of them."""

from pathlib import Path

from hydra_core.config import HallConfig, parse_config


def hall_of(groups: dict[str, int], **web: str) -> HallConfig:
    """Return a hall with so many plot types in each group."""
    plots = [(group, f"{group}_{number}") for group, count in groups.items() for number in range(count)]
    lines = "\n".join(f"  {name}: {{pv: {name.upper()}, group: '{group}', response: Look.}}" for group, name in plots)
    address = f"web: {{base_url: '{web['base_url']}'}}\n" if web else ""
    return parse_config(
        'deployment: test\nepics: {prefix: "T:"}\n'
        "defaults: {classes: {Good: {severity: none, key: g}, Bad: {severity: major, key: b}}}\n"
        f"{address}plots:\n{lines}\n",
        Path("hall.yaml"),
        {},
    )
