"""Predictions that are kept for one command only: in a file of their own, so that a million take no memory."""

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from hydra_core.domain import ModelRef, Plot, Prediction
from hydra_core.store.rows import CHUNK


class Scratch:
    """Takes what `SqlStore` takes of a re-judging, in a new file below `directory`; the database is not touched."""

    def __init__(self, directory: Path) -> None:
        self._db = sqlite3.connect(directory / "predictions.sqlite3", isolation_level=None)
        self._db.execute("PRAGMA journal_mode=OFF")
        self._db.execute("CREATE TABLE said (uid TEXT PRIMARY KEY, classes TEXT, scores TEXT, novelty REAL, took REAL)")

    def judged(self, ref: ModelRef, plot_ids: Sequence[int]) -> set[int]:
        """Return none: what the database knows is judged again."""
        return set()

    def add_shadow(self, said: Sequence[tuple[int, Prediction]]) -> None:
        """Keep what a model says of plots."""
        rows = [
            (p.plot.uid, json.dumps(p.classes), json.dumps(p.scores), p.novelty, p.took)
            for _, p in said
        ]  # fmt: skip
        self._db.execute("BEGIN")
        self._db.executemany("INSERT OR IGNORE INTO said VALUES (?, ?, ?, ?, ?)", rows)
        self._db.execute("COMMIT")

    def predictions_of(self, ref: ModelRef, plots: Sequence[Plot]) -> dict[str, Prediction]:
        """Return plot uid → what the model said, of those that it has judged (no heat map)."""
        by_uid = {item.uid: item for item in plots}
        uids, found = list(by_uid), dict[str, Prediction]()
        for start in range(0, len(uids), CHUNK):
            part = uids[start : start + CHUNK]
            marks = ", ".join("?" * len(part))
            for uid, classes, scores, novelty, took in self._db.execute(
                f"SELECT * FROM said WHERE uid IN ({marks})", part
            ):
                said = (tuple(json.loads(classes)), tuple(json.loads(scores)))
                found[uid] = Prediction(by_uid[uid], ref, *said, novelty=novelty, took=took)
        return found

    def close(self) -> None:
        """Close the file."""
        self._db.close()
