"""Draw a model's report: one HTML page without scripts or outside files.

Built as an element tree, which escapes every text by itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from hydra_ml.card import Card
from hydra_ml.charts import draw_confusion, draw_reliability, draw_scan, draw_training
from hydra_ml.compare import Change, Comparison
from hydra_ml.confusion import ConfusionMatrix
from hydra_ml.drawing import Drawing
from hydra_ml.intervals import Limits
from hydra_ml.metrics import Evaluation
from hydra_ml.mistakes import Shown
from hydra_ml.progress import Epoch
from hydra_ml.report_style import STYLE
from hydra_ml.thresholds import BUDGET, COST, MAX_F1, Scan

MOST_CHANGES = 20
METHOD_NAMES = {MAX_F1: "the best F1", COST: "the least cost", BUDGET: "a budget of false alarms"}


@dataclass(frozen=True, slots=True)
class Report:
    """All that a report shows. `sides` and `matrices` are by name, the test side first; the rest may be empty.

    `mistakes` counts all misjudged plots of the first side, `shown` are those with pictures; `extra` are further
    charts, each with a heading and a sentence.
    """

    card: Card
    sides: Mapping[str, Evaluation]
    matrices: Mapping[str, ConfusionMatrix] = field(default_factory=dict)
    scans: Sequence[Scan] = ()
    calibrated_on: str = ""
    history: Sequence[Epoch] = ()
    mistakes: int = 0
    shown: Sequence[Shown] = ()
    comparison: Comparison | None = None
    extra: Sequence[tuple[str, str, Drawing]] = ()


def render(report: Report) -> bytes:
    """Return the page."""
    card = report.card
    html = ET.Element("html", lang="en")
    head = ET.SubElement(html, "head")
    ET.SubElement(head, "meta", charset="utf-8")
    ET.SubElement(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    ET.SubElement(head, "title").text = f"{card.plot_type} v{card.version}"
    ET.SubElement(head, "style").text = STYLE
    body = ET.SubElement(html, "body")
    _header(ET.SubElement(body, "header"), report)
    main = ET.SubElement(body, "main")
    for name, evaluation in report.sides.items():
        _side(main, name, evaluation, report)
    _comparison(main, report.comparison)
    _mistakes(main, report)
    _calibration(main, report)
    _training(main, report.history)
    for heading, sentence, drawing in report.extra:
        ET.SubElement(main, "h2").text = heading
        ET.SubElement(main, "p").text = sentence
        _figure(ET.SubElement(main, "div", {"class": "chart"}), drawing, "", False)
    page: bytes = ET.tostring(html, encoding="utf-8", method="html")
    return b"<!doctype html>\n" + page


def charts_of(report: Report) -> list[tuple[str, Drawing]]:
    """Return the report's main charts with names, as they lie in the bundle as PNGs too."""
    found: list[tuple[str, Drawing]] = []
    for name, evaluation in list(report.sides.items())[:1]:
        if name in report.matrices:
            found.append(("confusion", draw_confusion(report.matrices[name])))
        found.append(("reliability", draw_reliability(evaluation.calibration)))
    if report.history:
        loss, accuracy = draw_training(report.history)
        found += [("loss", loss), ("accuracy", accuracy)]
    return found


def _header(header: ET.Element, report: Report) -> None:
    card = report.card
    ET.SubElement(header, "h1").text = f"{card.plot_type} v{card.version}"
    ET.SubElement(header, "p", {"class": "soft"}).text = (
        f"{card.architecture} at {card.input_size} pixels, trained {card.created_at:%Y-%m-%d %H:%M} UTC by "
        f"{card.created_by}; labelled set {card.dataset[:12]}."
    )
    facts = ET.SubElement(header, "ul", {"class": "facts"})
    for name, evaluation in list(report.sides.items())[:1]:
        low, high = evaluation.intervals.balanced_accuracy
        by = f"{evaluation.intervals.runs} runs" if not evaluation.intervals.note else "see the note below"
        _fact(
            facts,
            _show(evaluation.balanced_accuracy),
            f"balanced accuracy on {name} plots ({low:.3f} to {high:.3f}, {by})",
        )
        calibration = evaluation.calibration
        _fact(facts, _show(calibration.ece), f"calibration error; {calibration.chance:.3f} would be chance alone")
        wrong = sum(evaluation.support) - sum(row[i] for i, row in enumerate(evaluation.confusion))
        _fact(facts, str(wrong), f"of {sum(evaluation.support)} {name} plots misjudged")
    counts = ", ".join(f"{n} {side}" for side, n in card.split.items())
    _fact(facts, str(sum(card.split.values())), f"labelled plots: {counts}")
    for warning in card.warnings:
        ET.SubElement(header, "p", {"class": "warning"}).text = warning


def _fact(facts: ET.Element, figure: str, words: str) -> None:
    item = ET.SubElement(facts, "li")
    ET.SubElement(item, "strong").text = figure
    ET.SubElement(item, "small").text = words


def _side(main: ET.Element, name: str, evaluation: Evaluation, report: Report) -> None:
    where = report.calibrated_on if name == "validation" and report.calibrated_on else f"the {name} plots"
    ET.SubElement(main, "h2").text = f"On {where}"
    low, high = evaluation.intervals.balanced_accuracy
    ET.SubElement(main, "p").text = (
        f"Balanced accuracy {evaluation.balanced_accuracy:.3f} (95 % interval {low:.3f} to {high:.3f}), accuracy "
        f"{evaluation.accuracy:.3f}, {sum(evaluation.support)} plots of {evaluation.intervals.runs} runs or groups."
    )
    if name == "validation" and report.calibrated_on:
        text = "Temperature and thresholds were chosen on these: they flatter a little."
        ET.SubElement(main, "p", {"class": "soft"}).text = text
    if evaluation.intervals.note:
        ET.SubElement(main, "p", {"class": "soft"}).text = f"Note: {evaluation.intervals.note}."
    limits = evaluation.intervals
    columns = (evaluation.precision, limits.precision), (evaluation.recall, limits.recall), (evaluation.f1, limits.f1)
    rows = [
        [
            (class_name, ""),
            (str(evaluation.support[i]), ""),
            *((_show(values[i]), _span(spans[i])) for values, spans in columns),
            (_show(report.card.thresholds.get(class_name)), ""),
        ]
        for i, class_name in enumerate(evaluation.classes)
    ]
    header = ("class", "plots", "precision", "recall", "F1", "threshold")
    _table(main, f"Each class on the {name} plots, with 95 % intervals", header, rows)
    if name in report.matrices:
        drawing = draw_confusion(report.matrices[name])
        words = "A bar towards the right is a sure answer: red ones there are wrong and sure, the first to look at."
        _figure(main, drawing, words if report.mistakes else "A bar towards the right is a sure answer.")


def _comparison(main: ET.Element, comparison: Comparison | None) -> None:
    if comparison is None:
        return
    ET.SubElement(main, "h2").text = f"Against {comparison.against}"
    ET.SubElement(main, "p").text = comparison.sentence()
    if comparison.interval is not None:
        low, high = comparison.interval
        text = f"95 % interval of the difference, by run: {low:+.3f} to {high:+.3f}."
        ET.SubElement(main, "p").text = text
    if comparison.excluded and comparison.plots:
        text = f"{comparison.excluded} plots are left out: {comparison.against} was trained on them or on their runs."
        ET.SubElement(main, "p", {"class": "soft"}).text = text
    for title, changes in (("From right to wrong", comparison.broken), ("From wrong to right", comparison.mended)):
        if changes:
            _changes(main, title, changes)


def _changes(main: ET.Element, title: str, changes: Sequence[Change]) -> None:
    rows = [[(c.label, ""), (c.before, ""), (c.now, ""), (c.source, "")] for c in changes[:MOST_CHANGES]]
    more = f" (the first {len(rows)} of {len(changes)})" if len(changes) > len(rows) else ""
    _table(main, title + more, ("label", "before", "now", "file"), rows, "changes")


def _mistakes(main: ET.Element, report: Report) -> None:
    if not report.mistakes:
        return
    ET.SubElement(main, "h2").text = "Misjudged plots"
    some = f"The {len(report.shown)} surest of {report.mistakes}" if len(report.shown) < report.mistakes else "All"
    ET.SubElement(main, "p").text = (
        f"{some}, the surest first; beside each plot where the model looked. A wrong label, a fault with too few "
        "examples, or a plot on which experts would not agree?"
    )
    items = ET.SubElement(main, "ul", {"class": "plots"})
    for one in report.shown:
        _mistake(ET.SubElement(items, "li"), one)


def _mistake(item: ET.Element, shown: Shown) -> None:
    mistake = shown.mistake
    pair = ET.SubElement(item, "div", {"class": "pair"})
    size = {"width": str(shown.width), "height": str(shown.height)}
    if shown.picture is not None:
        ET.SubElement(pair, "img", {"src": shown.picture, "alt": f"plot {mistake.plot.plot.source}", **size})
    if shown.heatmap is not None:
        ET.SubElement(pair, "img", {"src": shown.heatmap, "alt": f"where the model saw {mistake.said}", **size})
    line = ET.SubElement(item, "p")
    said = ET.SubElement(line, "span", {"class": "said"})
    said.text = f"{mistake.said} {mistake.score:.3f}"
    said.tail = f", labelled {mistake.plot.class_name} ({mistake.label_score:.3f})"
    plot = mistake.plot.plot
    where = f"{plot.source}, run {plot.run}" if plot.run else plot.source
    ET.SubElement(item, "p", {"class": "soft"}).text = where


def _calibration(main: ET.Element, report: Report) -> None:
    if not report.sides:
        return
    ET.SubElement(main, "h2").text = "What the scores mean"
    name, evaluation = next(iter(report.sides.items()))
    calibration = evaluation.calibration
    judgement = "that is within chance" if calibration.is_within_chance else "that is more than chance explains"
    ET.SubElement(main, "p").text = (
        f"Expected calibration error {calibration.ece:.3f} on {sum(evaluation.support)} {name} plots; a perfectly "
        f"calibrated model would show {calibration.chance:.3f} on so few (at most {calibration.chance_most:.3f} in 19 "
        f"of 20 cases): {judgement}. Brier score {calibration.brier:.3f}, log loss {calibration.log_loss:.3f}. "
        f"Temperature {report.card.temperature:.3g}"
        + (f", from {report.calibrated_on}." if report.calibrated_on else ".")
    )
    charts = ET.SubElement(main, "div", {"class": "charts"})
    _figure(charts, draw_reliability(calibration), f"On the {name} plots. Below the diagonal it is too sure.", False)
    for scan in report.scans:
        if scan.support:
            chosen = report.card.thresholds.get(scan.class_name)
            words = f"{scan.class_name}: the threshold of {METHOD_NAMES.get(report.card.threshold_method, 'the card')}."
            _figure(charts, draw_scan(scan, chosen), words, False)


def _training(main: ET.Element, history: Sequence[Epoch]) -> None:
    if not history:
        return
    ET.SubElement(main, "h2").text = "Training"
    charts = ET.SubElement(main, "div", {"class": "charts"})
    loss, accuracy = draw_training(history)
    _figure(charts, loss, "Loss.", False)
    _figure(charts, accuracy, "Accuracy, on varied training plots and on validation plots as they are.", False)


def _figure(parent: ET.Element, drawing: Drawing, caption: str = "", scrolls: bool = True) -> None:
    figure = ET.SubElement(parent, "figure")
    holder = _scroller(figure, drawing.title) if scrolls else figure
    holder.append(drawing.svg())
    if caption:
        ET.SubElement(figure, "figcaption").text = caption


def _scroller(parent: ET.Element, name: str) -> ET.Element:
    """Return a box that scrolls sideways on a phone, by keyboard too."""
    return ET.SubElement(parent, "div", {"class": "scroll", "tabindex": "0", "role": "group", "aria-label": name})


def _table(
    parent: ET.Element,
    caption: str,
    header: Iterable[str],
    rows: Iterable[Iterable[tuple[str, str]]],
    kind: str = "figures",
) -> None:
    """Add a table of cells (text, small text below it)."""
    table = ET.SubElement(_scroller(parent, caption), "table", {"class": kind})
    ET.SubElement(table, "caption").text = caption
    line = ET.SubElement(ET.SubElement(table, "thead"), "tr")
    for name in header:
        ET.SubElement(line, "th", scope="col").text = name
    body = ET.SubElement(table, "tbody")
    for row in rows:
        line = ET.SubElement(body, "tr")
        for text, small in row:
            cell = ET.SubElement(line, "td")
            cell.text = text
            if small:
                ET.SubElement(cell, "small").text = small


def _show(value: float | None) -> str:
    return "-" if value is None or value != value else f"{value:.3f}"


def _span(limits: Limits | None) -> str:
    return "" if limits is None else f"{limits[0]:.3f}…{limits[1]:.3f}"
