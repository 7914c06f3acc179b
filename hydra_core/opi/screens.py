"""All screens of a hall."""

from hydra_core.config import HallConfig
from hydra_core.opi.detail import about, detail
from hydra_core.opi.overview import overview
from hydra_core.opi.rules import rules
from hydra_core.opi.staff import expert, service
from hydra_core.opi.tile import tiles
from hydra_core.opi.widgets import Screen


def screens(hall: HallConfig) -> tuple[Screen, ...]:
    """Return the overview, the two tiles, the plot page, the pages for the staff, and strip and rules of each type."""
    plot_types = hall.plot_types()
    most = max(len(plot_type.classes) for plot_type in plot_types)
    strips = (about(plot_type) for plot_type in plot_types)
    pages = (rules(plot_type) for plot_type in plot_types)
    return overview(hall), *tiles(), detail(most), *strips, service(hall), expert(hall), *pages
