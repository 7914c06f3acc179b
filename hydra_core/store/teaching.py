"""The part of the store through which people teach: labels, their history, and the review queue."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from hydra_core.store import label_facts, label_pages, label_queue, labelling, reviewing
from hydra_core.store.engine import Database


class TeachingStore:
    """Labelling and reviewing; every method is one transaction.

    A plot type is given by its name, a person by theirs; `where` is the address that a request came from.
    """

    _db: Database

    def tile_page(self, plot_type: str, person: str, wish: label_pages.Wish, after: str | None) -> label_pages.TilePage:
        """Return plots to label; `after` is the cursor of the page before. Raises BadCursorError."""
        return self._db.read(
            lambda connection: label_pages.tile_page(
                connection, labelling.desk_of(connection, plot_type, person), wish, after
            )
        )

    def count_matching(self, plot_type: str, person: str, filters: label_queue.Filters) -> int:
        """Return how many plots the filters let pass."""
        return self._db.read(
            lambda connection: label_queue.count_matching(
                connection, filters, labelling.desk_of(connection, plot_type, person)
            )
        )

    def save_votes(self, plot_type: str, person: str, votes: Mapping[str, str], where: str = "") -> labelling.Batch:
        """Save votes (uid → class) as one batch."""
        return self._db.write(
            lambda connection: labelling.save_votes(
                connection, labelling.desk_of(connection, plot_type, person), plot_type, votes, where
            )
        )

    def save_matching(
        self,
        plot_type: str,
        person: str,
        class_name: str,
        filters: label_queue.Filters,
        expected: int,
        where: str = "",
    ) -> labelling.Batch:
        """Give all plots that the filters let pass one class. Raises ChangedMeanwhileError unless so many match."""
        return self._db.write(
            lambda connection: labelling.save_matching(
                connection,
                labelling.desk_of(connection, plot_type, person),
                plot_type,
                class_name,
                filters,
                expected,
                where,
            )
        )

    def batches(
        self, plot_type: str, person: str, everybody: bool = False, before: int | None = None, limit: int = 50
    ) -> list[labelling.Batch]:
        """Return the last batches of the person or of everybody, newest first."""
        return self._db.read(
            lambda connection: labelling.batches(
                connection, labelling.desk_of(connection, plot_type, person), everybody, before, limit
            )
        )

    def batch(self, plot_type: str, batch_id: int) -> labelling.Batch | None:
        """Return a batch of labels of a plot type; None when it has no such batch."""
        return self._db.read(
            lambda connection: labelling.find_batch(connection, labelling.desk_of(connection, plot_type, ""), batch_id)
        )

    def last_batch(self, plot_type: str, person: str) -> labelling.Batch | None:
        """Return the person's last batch that is not undone."""
        return self._db.read(
            lambda connection: labelling.last_batch(connection, labelling.desk_of(connection, plot_type, person))
        )

    def set_undone(self, plot_type: str, person: str, batch_id: int, undone: bool, where: str = "") -> labelling.Batch:
        """Undo a batch, or do it again; a second time changes nothing. Raises NoSuchError for an unknown batch."""

        def work(connection: Connection) -> labelling.Batch:
            desk = labelling.desk_of(connection, plot_type, person)
            found = labelling.find_batch(connection, desk, batch_id)
            if found is None:
                raise label_queue.NoSuchError(f"plot type {plot_type} has no batch {batch_id} of labels")
            return labelling.set_undone(connection, desk, plot_type, found, undone, where)

        return self._db.write(work)

    def put_off(self, plot_type: str, person: str, uids: Sequence[str]) -> None:
        """Let plots come last for this person."""
        self._db.write(
            lambda connection: labelling.put_off(
                connection, labelling.desk_of(connection, plot_type, person), plot_type, uids
            )
        )

    def flag(self, plot_type: str, person: str, uids: Sequence[str], reason: str, where: str = "") -> int:
        """Ask an expert to look at plots; return how many are new in the review queue."""
        return self._db.write(
            lambda connection: labelling.flag(
                connection, labelling.desk_of(connection, plot_type, person), plot_type, uids, reason, where
            )
        )

    def unflag(self, plot_type: str, person: str, uids: Sequence[str], where: str = "") -> None:
        """Take a flag back."""
        self._db.write(
            lambda connection: labelling.unflag(
                connection, labelling.desk_of(connection, plot_type, person), plot_type, uids, where
            )
        )

    def label_progress(self, plot_type: str, person: str) -> label_facts.Progress:
        """Return how far the plot type is, and how well the person agrees with others."""
        return self._db.read(
            lambda connection: label_facts.progress(connection, labelling.desk_of(connection, plot_type, person))
        )

    def label_index(self) -> list[label_facts.TypeFacts]:
        """Return the configured plot types with what is known of their labels."""
        return self._db.read(label_facts.label_index)

    def reference(self, plot_type: str) -> reviewing.Reference | None:
        """Return the plot that others of its type are compared with; None when no plot has a good label."""
        return self._db.read(lambda connection: reviewing.reference(connection, plot_type))

    def review_counts(self, plot_type: str | None = None) -> dict[str, int]:
        """Return how many plots of a type (None: of all) wait for review, by kind."""
        return self._db.read(lambda connection: reviewing.review_counts(connection, plot_type))

    def review_page(
        self, plot_type: str | None, kind: str | None, after: str | None, size: int = 50
    ) -> reviewing.ReviewPage:
        """Return what waits for review, the most urgent first. Raises BadCursorError."""
        return self._db.read(lambda connection: reviewing.review_page(connection, plot_type, kind, after, size))

    def review_case(self, item_id: int) -> reviewing.Case | None:
        """Return a review item with all that is known of its plot; None for an unknown one."""
        return self._db.read(lambda connection: reviewing.find_case(connection, item_id))

    def decide_review(self, item: reviewing.ReviewRow, class_name: str, by: str, where: str = "") -> labelling.Batch:
        """Say what the plot is; training reads it from now on."""
        return self._db.write(lambda connection: reviewing.decide(connection, item, class_name, by, where))

    def exclude_plot(self, item: reviewing.ReviewRow, by: str, note: str, where: str = "") -> labelling.Batch:
        """Leave the plot out of training."""
        return self._db.write(lambda connection: reviewing.exclude(connection, item, by, note, where))

    def ask_again(self, item: reviewing.ReviewRow, by: str, note: str, where: str = "") -> labelling.Batch:
        """Set the votes on the plot aside and have it labelled anew."""
        return self._db.write(lambda connection: reviewing.ask_again(connection, item, by, note, where))
