"""Command: evaluate a model on labelled plots, alone or against another model on the same ones."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hydra_cli.options import ConfigOption, JsonOption

if TYPE_CHECKING:
    from hydra_core.archive import FileArchive
    from hydra_core.config import HallConfig
    from hydra_core.domain import LabelledPlot
    from hydra_core.store import SqlStore
    from hydra_ml.classifier import TensorFlowClassifier
    from hydra_ml.compare import Comparison
    from hydra_ml.evaluate import Judged
    from hydra_ml.intervals import Limits
    from hydra_ml.metrics import Evaluation

AgainstOption = Annotated[
    str | None,
    typer.Option("--against", metavar="MODEL", help="Compare with another model on the same plots; `active` or one."),
]
ReportOption = Annotated[Path | None, typer.Option("--report", help="Write the figures as a page, pictures included.")]
QueueOption = Annotated[bool, typer.Option("--queue", help="Put misjudged plots into the review queue, none twice.")]


def evaluate(
    model: Annotated[str, typer.Argument(metavar="MODEL", help='"CDC_occupancy v3", CDC_occupancy:3 or a directory.')],
    config: ConfigOption,
    split: Annotated[str, typer.Option(help="test, validation, train, new (labelled since) or all.")] = "test",
    against: AgainstOption = None,
    report: ReportOption = None,
    queue: QueueOption = False,
    as_json: JsonOption = False,
) -> None:
    """Measure a model on labelled plots, by default those it was never trained on."""
    from hydra_cli.models import open_hall
    from hydra_core.archive import FileArchive
    from hydra_ml import evaluate as measuring
    from hydra_ml.mistakes import queue_mistakes
    from hydra_ml.registry import find_bundle

    hall, store = open_hall(config)
    archive = FileArchive(hall.archive.path)
    try:
        path = find_bundle(model, hall.models.path)
        from hydra_ml.classifier import TensorFlowClassifier

        classifier = TensorFlowClassifier.load(path, hall.models.threads)
        labelled = store.labelled(classifier.ref.plot_type)
        judged = measuring.judge(classifier, measuring.plots_of_split(path, labelled, split), archive)
        figures = measuring.evaluate(classifier, judged)
        comparison = None
        if against is not None:
            comparison = _compared(classifier, judged, against, labelled, hall, store, archive)
        if queue:
            queue_mistakes(store, classifier.ref, {p.plot.uid: score for p, _, score in judged.mistakes()})
    finally:
        store.close()
    if report is not None:
        from hydra_ml.evaluation_page import page

        report.write_bytes(page(classifier.card, split, figures, judged, comparison, archive))
    found = _as_dict(str(classifier.ref), split, figures, judged, comparison)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    _show_evaluation(f"{classifier.ref} on {len(judged.plots)} {split} plots", figures)
    if comparison is not None:
        _show_comparison(comparison)
    for mistake in found["mistakes"]:
        words = f"labelled {mistake['label']}, judged {mistake['class']} ({mistake['confidence']})"
        typer.echo(f"{mistake['file']}: {words}")
    for failure in found["failed"]:
        typer.echo(f"{failure['file']}: not judged: {failure['message']}", err=True)
    if report is not None:
        typer.echo(f"the page is {report}")


def _compared(
    classifier: "TensorFlowClassifier",
    judged: "Judged",
    against: str,
    labelled: "Sequence[LabelledPlot]",
    hall: "HallConfig",
    store: "SqlStore",
    archive: "FileArchive",
) -> "Comparison":
    from hydra_core.errors import UsageError
    from hydra_ml import evaluate as measuring
    from hydra_ml.classifier import TensorFlowClassifier
    from hydra_ml.registry import find_bundle, record_path

    plot_type = classifier.ref.plot_type
    if against == "active":
        record = store.active_model(plot_type)
        if record is None:
            raise UsageError(f"--against active: {plot_type} has no active model; name one such as {plot_type}:1")
        path = record_path(record, hall.models.path)
    else:
        path = find_bundle(against, hall.models.path)
    other = TensorFlowClassifier.load(path, hall.models.threads)
    if other.ref == classifier.ref:
        raise UsageError(f"--against {against}: that is {classifier.ref} itself; name another model")
    known = measuring.known_to(measuring.sides_at_training(path), labelled)
    return measuring.compare_with(judged.opinion(classifier), other, known, archive)


def _as_dict(
    model: str, split: str, figures: "Evaluation", judged: "Judged", comparison: "Comparison | None"
) -> dict[str, Any]:
    mistakes = [
        {"file": p.plot.source, "uid": p.plot.uid, "label": p.class_name, "class": name, "confidence": round(score, 6)}
        for p, name, score in judged.mistakes()
    ]
    failed = [{"file": p.plot.source, "message": why} for p, why in judged.failed]
    found = {"model": model, "split": split, **figures.to_dict(), "mistakes": mistakes, "failed": failed}
    return found if comparison is None else {**found, "comparison": comparison.to_dict()}


def _show_evaluation(title: str, figures: "Evaluation") -> None:
    low, high = figures.intervals.balanced_accuracy
    whole = f"balanced accuracy {figures.balanced_accuracy:.3f} ({low:.3f}…{high:.3f}), accuracy {figures.accuracy:.3f}"
    calibration = figures.calibration
    typer.echo(f"{title}: {whole}, calibration error {figures.ece:.3f} ({calibration.chance:.3f} would be chance)")
    head = ("class", "plots", "precision", "recall", "F1")
    typer.echo(f"{head[0]:<20} {head[1]:>6}  {head[2]:<20} {head[3]:<20} {head[4]:<20} judged as {figures.classes}")
    limits = figures.intervals
    sides = (figures.precision, limits.precision), (figures.recall, limits.recall), (figures.f1, limits.f1)
    for index, name in enumerate(figures.classes):
        cells = " ".join(f"{_figure(values[index], spans[index]):<20}" for values, spans in sides)
        typer.echo(f"{name:<20} {figures.support[index]:>6}  {cells} {list(figures.confusion[index])}")
    note = f"; {limits.note}" if limits.note else ""
    typer.echo(f"in brackets: 95 % intervals over {limits.runs} runs or groups{note}")


def _figure(value: float, limits: "Limits | None") -> str:
    return "-" if value != value or limits is None else f"{value:.3f} ({limits[0]:.2f}…{limits[1]:.2f})"


def _show_comparison(comparison: "Comparison") -> None:
    typer.echo(comparison.sentence())
    if comparison.interval is not None:
        low, high = comparison.interval
        typer.echo(f"95 % interval of the difference by run: {low:+.3f} to {high:+.3f}")
    if comparison.excluded and comparison.plots:
        typer.echo(f"left out {comparison.excluded} plots: {comparison.against} was trained on them or on their runs")
    for word, changes in (("broken", comparison.broken), ("mended", comparison.mended)):
        for one in changes:
            typer.echo(f"{word}: {one.source}: labelled {one.label}, before {one.before}, now {one.now}")
