"""Draw a model's report: one HTML page without scripts or outside files.

Built as an element tree, which escapes every text by itself.
"""

from collections.abc import Iterable, Sequence
from xml.etree import ElementTree as ET

from hydra_ml.card import Card
from hydra_ml.metrics import Evaluation
from hydra_ml.progress import Epoch

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
table{border-collapse:collapse;margin:1rem 0}th,td{padding:.3rem .8rem;text-align:right;border-bottom:1px solid #ddd}
th:first-child,td:first-child{text-align:left}
.warning{border-left:4px solid #b35900;padding:.3rem 1rem;background:#fff4e5}
svg{max-width:100%;height:auto}figure{margin:1rem 0}
"""
WIDTH, HEIGHT, MARGIN = 640, 260, 44
TRAIN_COLOUR, VALIDATION_COLOUR = "#0b5cad", "#b35900"


def render(card: Card, sides: dict[str, Evaluation], history: Sequence[Epoch], mistakes: Sequence[str]) -> bytes:
    """Return the page: `sides` are evaluations by name ("test" first), `mistakes` one line per misjudged plot."""
    html = ET.Element("html", lang="en")
    head = ET.SubElement(html, "head")
    ET.SubElement(head, "meta", charset="utf-8")
    ET.SubElement(head, "title").text = f"{card.plot_type} v{card.version}"
    ET.SubElement(head, "style").text = STYLE
    body = ET.SubElement(html, "body")
    ET.SubElement(body, "h1").text = f"{card.plot_type} v{card.version}"
    _facts(body, card)
    for warning in card.warnings:
        ET.SubElement(body, "p", {"class": "warning"}).text = warning
    for name, evaluation in sides.items():
        _side(body, name, evaluation, card)
    if history:
        ET.SubElement(body, "h2").text = "Training"
        _curves(body, history)
    if mistakes:
        ET.SubElement(body, "h2").text = "Misjudged test plots"
        items = ET.SubElement(body, "ul")
        for mistake in mistakes:
            ET.SubElement(items, "li").text = mistake
    page: bytes = ET.tostring(html, encoding="utf-8", method="html")
    return b"<!doctype html>\n" + page


def _facts(body: ET.Element, card: Card) -> None:
    counts = ", ".join(f"{n} {side}" for side, n in card.split.items())
    text = (
        f"{card.architecture} at {card.input_size} pixels, trained {card.created_at:%Y-%m-%d %H:%M} UTC by "
        f"{card.created_by} on {counts} plots (set {card.dataset[:12]}). Temperature {card.temperature:.3g}."
    )
    ET.SubElement(body, "p").text = text


def _side(body: ET.Element, name: str, evaluation: Evaluation, card: Card) -> None:
    ET.SubElement(body, "h2").text = f"On the {name} plots"
    ET.SubElement(body, "p").text = (
        f"Balanced accuracy {evaluation.balanced_accuracy:.3f}, accuracy {evaluation.accuracy:.3f}, "
        f"calibration error {evaluation.ece:.3f}, {sum(evaluation.support)} plots."
    )
    rows = zip(
        evaluation.classes,
        evaluation.support,
        evaluation.precision,
        evaluation.recall,
        evaluation.f1,
        strict=True,
    )
    table = [(c, str(n), _show(p), _show(r), _show(f), _show(card.thresholds.get(c))) for c, n, p, r, f in rows]
    _table(body, "Each class", ("class", "plots", "precision", "recall", "F1", "threshold"), table)
    confusion = [(c, *map(str, row)) for c, row in zip(evaluation.classes, evaluation.confusion, strict=True)]
    _table(body, "Confusion: rows are the labels, columns what the model said", ("", *evaluation.classes), confusion)


def _table(body: ET.Element, caption: str, header: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    table = ET.SubElement(body, "table")
    ET.SubElement(table, "caption").text = caption
    line = ET.SubElement(table, "tr")
    for name in header:
        ET.SubElement(line, "th", scope="col").text = name
    for row in rows:
        line = ET.SubElement(table, "tr")
        for cell in row:
            ET.SubElement(line, "td").text = cell


def _curves(body: ET.Element, history: Sequence[Epoch]) -> None:
    """Draw training and validation loss over epochs."""
    figure = ET.SubElement(body, "figure")
    svg = ET.SubElement(figure, "svg", viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", width=str(WIDTH))
    ET.SubElement(svg, "title").text = "Loss over epochs"
    train, validation = [e.loss for e in history], [e.val_loss for e in history]
    top = max([v for v in (*train, *validation) if v == v], default=1.0) or 1.0
    for value in (0.0, top / 2, top):
        y = _y(value, top)
        ET.SubElement(svg, "line", x1=str(MARGIN), x2=str(WIDTH - 10), y1=y, y2=y, stroke="#ddd")
        ET.SubElement(svg, "text", {"x": "2", "y": y, "font-size": "12"}).text = f"{value:.2f}"
    for values, colour in ((train, TRAIN_COLOUR), (validation, VALIDATION_COLOUR)):
        step = (WIDTH - MARGIN - 10) / max(1, len(values) - 1)
        points = " ".join(f"{MARGIN + i * step:.1f},{_y(v, top)}" for i, v in enumerate(values) if v == v)
        ET.SubElement(svg, "polyline", {"points": points, "fill": "none", "stroke": colour, "stroke-width": "2"})
    text = f"Loss over {len(history)} epochs: training blue, validation orange."
    ET.SubElement(figure, "figcaption").text = text


def _y(value: float, top: float) -> str:
    return f"{HEIGHT - 24 - (HEIGHT - 40) * value / top:.1f}"


def _show(value: float | None) -> str:
    return "-" if value is None or value != value else f"{value:.3f}"
