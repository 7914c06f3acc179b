"""The part of the store that audits read and queue for review."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from hydra_core.domain import ModelRef, Plot
from hydra_core.store.engine import Database
from hydra_core.store.judgements import Judgements, count_pictures, judgements, plots_by_id, stored_hashes
from hydra_core.store.review import ReviewItem, open_reviews, queue_review


class AuditedStore:
    """What models said lately, and the review queue; every method is one transaction."""

    _db: Database

    def judgements(
        self, ref: ModelRef, classes: Sequence[str], since: datetime, until: datetime | None = None
    ) -> Judgements:
        """Return in columns what a model said, `since` ≤ when < `until`."""
        return judgements(self._db, ref, classes, since, until)

    def plots_by_id(self, ids: Sequence[int]) -> dict[int, Plot]:
        """Return many plots by the database's ids."""
        return self._db.read(lambda connection: plots_by_id(connection, ids))

    def stored_hashes(self, plot_type: str) -> Mapping[str, int]:
        """Return picture sha256 → difference hash of a plot type's labelled plots."""
        return self._db.read(lambda connection: stored_hashes(connection, plot_type))

    def count_pictures(self, plot_type: str) -> tuple[int, int]:
        """Return how many plots of a type there are, labelled or not, and how many different pictures."""
        return self._db.read(lambda connection: count_pictures(connection, plot_type))

    def queue_review(
        self, plot_type: str, kind: str, scores: Mapping[str, float], model: ModelRef | None = None
    ) -> int:
        """Queue plots (uid → urgency) for review, none twice; return how many are new in the queue."""
        return self._db.write(lambda connection: queue_review(connection, plot_type, kind, scores, model))

    def open_reviews(self, plot_type: str | None = None, kind: str | None = None) -> list[ReviewItem]:
        """Return what waits in the review queue, the most urgent first."""
        return self._db.read(lambda connection: open_reviews(connection, plot_type, kind))
