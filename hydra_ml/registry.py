"""Find and load the bundles that the library names."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from hydra_core.domain import ModelRecord, PlotType
from hydra_core.errors import ModelError, UsageError
from hydra_ml.bundle import bundle_path

if TYPE_CHECKING:
    from hydra_core.store import SqlStore
    from hydra_ml.classifier import TensorFlowClassifier
    from hydra_ml.engines.shelf import Shelf


def load_active(
    plot_type: PlotType, store: "SqlStore", models_path: Path, threads: int | None = None, shelf: "Shelf | None" = None
) -> "TensorFlowClassifier":
    """Load the active model of a plot type. Raises ModelError when there is none or it cannot be used."""
    record = store.active_model(plot_type.name)
    if record is None:
        raise ModelError(
            f"{plot_type.name} has no active model; `hydra train {plot_type.name}`, then `hydra model promote`"
        )
    return load_record(record, plot_type, models_path, threads, shelf)


def load_record(
    record: ModelRecord,
    plot_type: PlotType,
    models_path: Path,
    threads: int | None = None,
    shelf: "Shelf | None" = None,
) -> "TensorFlowClassifier":
    """Load a model of the library for its plot type; with a `shelf` its body is shared with others there.

    Raises ModelError when the bundle is damaged, is not the one that was entered, or has not exactly the plot
    type's classes in their order: class numbers are the enum states that archived history refers to.
    """
    from hydra_ml.bundle import read_card
    from hydra_ml.classifier import TensorFlowClassifier

    path = record_path(record, models_path)
    card = read_card(path)
    if card.ref() != record.ref:
        raise ModelError(
            f"{path} holds {card.ref()} ({card.ref().sha256[:12]}…), the library expects {record.ref} "
            f"({record.ref.sha256[:12]}…); copy the right bundle back or roll back"
        )
    check_classes(card.classes, plot_type)
    return TensorFlowClassifier.load(path, threads, shelf)


def check_classes(classes: tuple[str, ...], plot_type: PlotType) -> None:
    """Raise ModelError unless a model's classes are the plot type's, in the same order."""
    wanted = plot_type.class_names()
    if classes != wanted:
        order = "in another order" if sorted(classes) == sorted(wanted) else "other ones"
        raise ModelError(
            f"{plot_type.name}: the model's classes ({', '.join(classes)}) are {order} than the configuration's "
            f"({', '.join(wanted)}); train a new model, or put the configuration's classes back"
        )


def record_path(record: ModelRecord, models_path: Path) -> Path:
    """Return a model's directory; paths in the library are relative to the models directory."""
    return models_path / record.path


def find_bundle(name: str, models_path: Path) -> Path:
    """Return the bundle that a person means: "CDC_occupancy v3", "CDC_occupancy:3" or a path.

    Raises UsageError for anything else, ModelError when there is no such bundle.
    """
    plain = re.fullmatch(r"(.+?)(?:\s+v|:v?)(\d+)", name)
    path = bundle_path(models_path, plain[1], int(plain[2])) if plain and not Path(name).exists() else Path(name)
    if path.is_dir():
        return path
    if plain or "/" in name:
        raise ModelError(f"model {name} does not exist ({path}); `hydra model list` shows what there is")
    raise UsageError(f'{name!r} names no model; write "CDC_occupancy v3", CDC_occupancy:3 or a bundle\'s directory')
