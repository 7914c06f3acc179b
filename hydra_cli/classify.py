"""Command: classify picture files with a plot type's model."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hydra_cli.options import ConfigOption, JsonOption

if TYPE_CHECKING:
    from hydra_core.config.sections import Models
    from hydra_core.domain import PlotType, Prediction
    from hydra_core.images import Limits
    from hydra_core.ports import RGB, Classifier

HeatmapOption = Annotated[
    Path | None, typer.Option("--heatmap", metavar="OUT.png", help="Draw why; a directory for several images.")
]


def classify(
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="PNG or JPEG files.")],
    plot: Annotated[str, typer.Option("--plot", help="The plot type that the files show.")],
    config: ConfigOption,
    model: Annotated[str | None, typer.Option(help="NAME:VERSION or a bundle; default: the active model.")] = None,
    as_json: JsonOption = False,
    heatmap: HeatmapOption = None,
) -> None:
    """Say what a model thinks of picture files; one that cannot be read is named (exit code 1), the others go on."""
    from hydra_cli.models import find_plot_type
    from hydra_core.config import load_config
    from hydra_core.errors import UsageError
    from hydra_core.images import Limits

    hall = load_config(config)
    if heatmap is not None and len(images) > 1 and not heatmap.is_dir():
        raise UsageError(f"--heatmap {heatmap}: for several images give an existing directory")
    plot_type = find_plot_type(hall, plot)
    classifier = _classifier(plot_type, model, hall.models, hall.database_url())
    limits = Limits(hall.archive.max_bytes, hall.archive.max_pixels)
    failed = False
    for file in images:
        target = heatmap / f"{file.stem}-heatmap.png" if heatmap is not None and heatmap.is_dir() else heatmap
        answer = _answer(file, plot_type, classifier, limits, target)
        failed = failed or "error" in answer
        _print(answer, as_json)
    if failed:
        raise typer.Exit(1)


def _classifier(plot_type: "PlotType", model: str | None, models: "Models", url: str) -> "Classifier":
    from hydra_core.errors import UsageError
    from hydra_core.store import open_store
    from hydra_ml.engines.shelf import Shelf
    from hydra_ml.registry import check_classes, find_bundle, load_active

    shelf = Shelf(models.engine)
    if model is None:
        store = open_store(url)
        try:
            store.check_schema()
            return load_active(plot_type, store, models.path, models.threads, shelf)
        finally:
            store.close()
    from hydra_ml.classifier import TensorFlowClassifier

    classifier = TensorFlowClassifier.load(find_bundle(model, models.path), models.threads, shelf)
    if classifier.ref.plot_type != plot_type.name:
        raise UsageError(f"{classifier.ref} is not a model for {plot_type.name}; choose another --model or --plot")
    check_classes(classifier.classes, plot_type)
    return classifier


def _answer(
    file: Path, plot_type: "PlotType", classifier: "Classifier", limits: "Limits", heatmap: Path | None
) -> dict[str, Any]:
    """Judge one file; an error is an answer too."""
    from hydra_core import images
    from hydra_core.errors import ImageError, PredictionError

    started = time.monotonic()
    try:
        data = file.read_bytes()
        rgb = images.decode(data, limits)
        prediction = classifier.predict([(_plot(file, plot_type.name, data), rgb)])[0]
    except ImageError as error:
        return {"file": str(file), "error": error.code, "message": str(error)}
    except OSError as error:
        return {"file": str(file), "error": "READ", "message": f"{file} cannot be read: {error.strerror}"}
    except PredictionError as error:
        return {"file": str(file), "error": "CALC", "message": str(error)}
    took = time.monotonic() - started
    if heatmap is not None:
        _draw(heatmap, prediction, rgb)
    return _judged(file, prediction, took)


def _judged(file: Path, prediction: "Prediction", took: float) -> dict[str, Any]:
    name, score = prediction.top()
    return {
        "file": str(file),
        "plot": prediction.plot.plot_type,
        "model": str(prediction.model),
        "class": name,
        "confidence": round(score, 6),
        "scores": {c: round(s, 6) for c, s in zip(prediction.classes, prediction.scores, strict=True)},
        "novelty": round(prediction.novelty, 6),
        "cam_peak": _peak(prediction),
        "took_ms": round(took * 1000, 1),
    }


def _peak(prediction: "Prediction") -> Sequence[float] | None:
    """Return where the heat map is hottest, (x, y) in 0…1 of the whole plot; None where it is cold everywhere."""
    cam = prediction.cam
    if cam is None or not cam.any():
        return None
    row, column = divmod(int(cam.argmax()), cam.shape[1])
    return [round((column + 0.5) / cam.shape[1], 4), round((row + 0.5) / cam.shape[0], 4)]


def _plot(file: Path, plot_type: str, data: bytes) -> Any:
    import hashlib
    from datetime import UTC, datetime

    from hydra_core.domain import Plot
    from hydra_core.sources.identity import arrival_uid

    now, sha256 = datetime.now(UTC), hashlib.sha256(data).hexdigest()
    return Plot(arrival_uid(plot_type, str(file), now, sha256), plot_type, 0, 0, now, now, str(file), sha256)


def _draw(target: Path, prediction: "Prediction", rgb: "RGB") -> None:
    from PIL import Image as PilImage

    from hydra_core.errors import UsageError
    from hydra_core.images import heatmap_rgb

    if prediction.cam is None:
        return
    drawn = heatmap_rgb(prediction.cam, rgb, (rgb.shape[1], rgb.shape[0]))
    try:
        PilImage.fromarray(drawn).save(target, "PNG")
    except OSError as error:
        raise UsageError(f"--heatmap {target} cannot be written: {error.strerror}; choose another place") from error


def _print(answer: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False))
    elif "error" in answer:
        typer.echo(f"{answer['file']}: {answer['error']}: {answer['message']}", err=True)
    else:
        others = ", ".join(f"{name} {score:.3f}" for name, score in answer["scores"].items())
        typer.echo(f"{answer['file']}: {answer['class']} {answer['confidence']:.3f} ({others}) by {answer['model']}")
