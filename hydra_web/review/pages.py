"""The review page: the queue beside one plot, the reference, votes by name and the models' scores."""

import json

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from hydra_core.store.review import KINDS
from hydra_web.labelling.wishes import Word
from hydra_web.parts import PartsOf
from hydra_web.people.rights import Reader, Role
from hydra_web.review.api import Chosen

WORDS = {
    "flag": ("Flagged", "Somebody asks an expert."),
    "disagreement": ("Disputed", "People say different things."),
    "false_alarm": ("False alarm", "A shift said that the alarm was false."),
    "misclassified": ("Misclassified", "A new model takes it for something else than its label says."),
    "label_error": ("Label error?", "The label is likely wrong, by all that the other labels say."),
    "drift": ("Unlike before", "Plots like this came up lately and have no label yet."),
}
router = APIRouter(include_in_schema=False)


@router.get("/review", response_class=HTMLResponse)
def review(
    parts: PartsOf,
    person: Reader,
    kind: Chosen = None,
    plot: Word = None,
) -> HTMLResponse:
    """Show the queue; the page's script fetches it and the plot in focus."""
    types = {card.name: card.plot_type for card in parts.feed.cards}
    classes = {
        name: [{"name": one.name, "key": one.key, "colour": one.colour} for one in found.classes]
        for name, found in types.items()
    }
    context = {
        "classes_json": json.dumps(classes, ensure_ascii=False),
        "counts": parts.store.review_counts(plot),
        "decidable": json.dumps([name for name in types if person.may(Role.EXPERT, name)]),
        "here": "review",
        "kind": kind,
        "kinds": KINDS,
        "kinds_json": json.dumps({one: {"title": WORDS[one][0], "why": WORDS[one][1]} for one in KINDS}),
        "may_decide": person.may_somewhere(Role.EXPERT),
        "plot": plot or "",
        "types": types,
        "words": WORDS,
    }
    return HTMLResponse(parts.views.page("review.html", person, context))
