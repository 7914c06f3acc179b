"""What all sections of a hall's YAML have in common."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A mapping in the YAML: frozen, strict about types, with no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
