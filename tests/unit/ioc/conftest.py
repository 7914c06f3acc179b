"""A picture, and records of one plot type as the publisher posts to them."""

import pytest
from support.bad_images import picture as draw
from support.bad_images import saved
from support.outcomes import plot_type as make_plot_type

from hydra_core.pvs import plot_pvs, service_pvs
from hydra_ioc.ca import Record, make_record
from hydra_ioc.publisher import PvPublisher

NAME = "CDC_occupancy"


@pytest.fixture
def picture() -> bytes:
    """A PNG that can be decoded."""
    return saved(draw(), "PNG")


@pytest.fixture
def records() -> dict[str, Record]:
    """The records of CDC_occupancy by suffix."""
    kind = make_plot_type(NAME)
    return {spec.suffix: make_record(spec.name("T:", kind.pv), spec) for spec in plot_pvs(kind)}


@pytest.fixture
def service() -> dict[str, Record]:
    """The service's records by suffix."""
    return {spec.suffix: make_record(spec.name("T:", "SYS"), spec) for spec in service_pvs()}


@pytest.fixture
def publisher(records: dict[str, Record], service: dict[str, Record]) -> PvPublisher:
    return PvPublisher({NAME: records}, service, {NAME: make_plot_type(NAME)}, "http://wall")
