"""What is written about a model in its bundle's `card.json`."""

from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from hydra_core.domain import ModelRef
from hydra_ml.preprocess import Crop, check_crop

MODEL_FILE = "model.keras"
CARD_FILE = "card.json"
ITEMS_FILE = "dataset.json"
"""Plot uid → split of the plots that the model was made from ("left out": a copy of one on another side)."""
SUFFIXES = frozenset((".keras", ".webp", ".html", ".png", ".json", ".npz"))
"""Kinds of files a bundle may hold."""

Fraction = Annotated[float, Field(ge=0, le=1)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


def _plain_name(name: str) -> str:
    if PurePosixPath(name).name != name or "\\" in name or name.startswith(".") or name == CARD_FILE:
        raise ValueError(f"{name!r} is not a plain file name")
    if PurePosixPath(name).suffix not in SUFFIXES:
        raise ValueError(f"{name!r} is no kind of file that belongs into a bundle")
    return name


def plot_type_name(name: str) -> str:
    """Return the name if it can be a directory's; raises ValueError otherwise."""
    if not name or name.startswith(".") or "/" in name or "\\" in name or not name.isprintable():
        raise ValueError(f"{name!r} cannot be a plot type's directory")
    return name


class Card(BaseModel):
    """A model's card: all that serving needs to know, and where the model came from. Immutable.

    `classes` are in enum order; `crop` is fractions; `split` counts plots per side; `metrics` has an evaluation per
    side (see `metrics.Evaluation.to_dict`); `files` maps every other file of the bundle to its sha256.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    plot_type: Annotated[str, AfterValidator(plot_type_name)]
    version: Annotated[int, Field(ge=1)]
    classes: Annotated[tuple[str, ...], Field(min_length=2, max_length=16)]
    architecture: str
    input_size: Annotated[int, Field(ge=16, le=2048)]
    crop: Annotated[Crop, AfterValidator(check_crop)]
    preprocess: str
    dataset: Digest
    split: dict[str, int]
    metrics: dict[str, dict[str, Any]]
    thresholds: dict[str, Fraction]
    threshold_method: str
    temperature: Annotated[float, Field(ge=0.05, le=50, allow_inf_nan=False)]
    training: dict[str, Any]
    warnings: tuple[str, ...]
    versions: dict[str, str]
    created_at: AwareDatetime
    created_by: str
    files: dict[Annotated[str, AfterValidator(_plain_name)], Digest]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if len(set(self.classes)) != len(self.classes):
            raise ValueError("a class is listed twice")
        unknown = set(self.thresholds) - set(self.classes)
        if unknown:
            raise ValueError(f"thresholds name unknown classes: {', '.join(sorted(unknown))}")
        if MODEL_FILE not in self.files:
            raise ValueError(f"the sha256 of {MODEL_FILE} is missing")
        return self

    def ref(self) -> ModelRef:
        """Return which model this is."""
        return ModelRef(self.plot_type, self.version, self.files[MODEL_FILE])
