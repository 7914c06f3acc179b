"""What the routes of the administration share: strict bodies, names, and how a refusal of the store is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import HTTPException
from fastapi import Path as PathArgument
from pydantic import BaseModel, ConfigDict, Field

from hydra_core.config import HallConfig
from hydra_core.errors import SchemaError, StoreDownError, StoreError, UsageError

AccountName = Annotated[str, PathArgument(max_length=64, description="Name of the account.")]
RoleName = Annotated[str, Field(pattern="^(viewer|labeler|expert|liaison|admin)$", examples=["labeler"])]
RowId = Annotated[int, PathArgument(ge=1, le=2**63 - 1)]


class Body(BaseModel):
    """What is sent: no unknown fields."""

    model_config = ConfigDict(extra="forbid")


@contextmanager
def told() -> Iterator[None]:
    """Tell what the store refuses for good as 409, in its own words; that it is away stays an error of the server."""
    try:
        yield
    except (StoreDownError, SchemaError):
        raise
    except StoreError as error:
        raise HTTPException(409, str(error)) from error
    except UsageError as error:
        raise HTTPException(422, str(error)) from error


def known_plot_type(config: HallConfig, name: str | None) -> str | None:
    """Return the name of a plot type of the hall, or None. Raises HTTPException (404) for another."""
    if name is not None and name not in config.plots:
        raise HTTPException(404, f"There is no plot type {name} in this hall.")
    return name
