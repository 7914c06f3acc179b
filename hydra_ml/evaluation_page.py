"""Draw the report of a model that was measured after its training, on whatever plots somebody chose."""

from dataclasses import replace

from hydra_core.ports import Archive
from hydra_ml.card import Card
from hydra_ml.compare import Comparison
from hydra_ml.confusion import confusion_matrix
from hydra_ml.evaluate import Judged, truth_of
from hydra_ml.metrics import Evaluation
from hydra_ml.mistakes import mistakes_among, show
from hydra_ml.preprocess import NO_CROP
from hydra_ml.report import Report, render


def page(
    card: Card, side: str, evaluation: Evaluation, judged: Judged, comparison: Comparison | None, archive: Archive
) -> bytes:
    """Return the page as HTML; `side` names the plots in its sentences."""
    classes, scores = card.classes, judged.scores()
    found, rows = mistakes_among(classes, judged.plots, scores)
    seen = [replace(mistake, cam=judged.predictions[row].cam) for mistake, row in zip(found, rows, strict=True)]
    uids = [p.plot.uid for p in judged.plots]
    matrix = confusion_matrix(classes, scores, truth_of(classes, judged.plots), uids)
    # A prediction's heat map is of the whole plot, whatever the model's crop.
    report = Report(
        card=card,
        sides={side: evaluation},
        matrices={side: matrix},
        mistakes=len(seen),
        shown=show(seen, archive, NO_CROP),
        comparison=comparison,
    )
    return render(report)
