"""The sections of a hall's YAML that tie the IOC into its site: put log servers and ChannelFinder."""

from typing import Annotated, Literal

from pydantic import Field

from hydra_core.config.section import Section
from hydra_core.config.values import Duration, Interface

Port = Annotated[int, Field(ge=1, le=65535)]


class PutLogServer(Section):
    """A server that collects put logs, as caPutLog of a C IOC sends them."""

    host: Annotated[str, Field(pattern=r"^[^\s:]+$")] = Field(description="its name or IPv4 address")
    port: Port = Field(7011, description="its TCP port")
    format: Literal["text", "json"] = Field("text", description="lines of caPutLogInit, or of caPutJsonLogInit")
    log: Literal["changes", "all", "unfiltered"] = Field(
        "changes", description="puts that change something, all, or all without joining bursts"
    )


class RecSync(Section):
    """How the IOC tells ChannelFinder of its PVs: it waits for a RecCeiver to announce itself."""

    interface: Interface = Field("0.0.0.0", description="IPv4 address to hear announcements on")
    port: Port = Field(5049, description="UDP port of the announcements")
    hold_off: Duration = Field(10.0, description="wait up to this long, by chance, so that not all IOCs come at once")
    info: dict[str, str] = Field({}, description="more that the site wants to know of this IOC, by name")
