"""Old pictures go, and only those that nobody needs; the rows stay. On SQLite and MariaDB."""

import os
import struct
import time
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from support.outcomes import START, Life, at, image, plot, prediction

from hydra_core.archive import FileArchive
from hydra_core.domain import LabelledPlot, Outcome
from hydra_core.errors import StoreError
from hydra_core.purge import purge
from hydra_core.store import SqlStore
from hydra_core.store.purging import Keep

GOOD, UNCONFIRMED = timedelta(days=30), timedelta(days=365)


def picture(number: int) -> bytes:
    """Return the bytes of a picture; each number is another one."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes([0, number]))) + chunk(b"IEND", b"")


class Past:
    """A hall with pictures that were stored long ago."""

    def __init__(self, store: SqlStore, url: str, folder: Path) -> None:
        self.store, self.url = store, url
        self.archive = FileArchive(folder)
        self.life = Life()
        store.sync_plot_types([self.life.kind])

    def judged(self, number: int, class_name: str = "Good", score: float = 0.97) -> str:
        """Archive and record one plot; return the sha256 of its picture."""
        return self.keep(self._with_picture(number, self.life.judge(number, class_name, score)))

    def unjudged(self, number: int) -> str:
        """Archive and record a plot that no model has seen."""
        item = plot(number)
        return self.keep(
            self._with_picture(number, Outcome(self.life.kind.name, at(number * 10), image=image(item), plot=item))
        )

    def keep(self, outcome: Outcome) -> str:
        assert outcome.plot is not None
        self.store.record(outcome)
        return outcome.plot.sha256

    def _with_picture(self, number: int, outcome: Outcome) -> Outcome:
        data = picture(number)
        digest = self.archive.put(data)
        path = next(self.archive.path.glob(f"*/*/{digest}.png"))
        os.utime(path, (1e9, 1e9))
        assert outcome.plot is not None
        item = replace(outcome.plot, sha256=digest)
        said = replace(outcome.prediction, plot=item) if outcome.prediction is not None else None
        return replace(outcome, plot=item, image=image(item), prediction=said)

    def purge(self, days: float, dry_run: bool = False) -> tuple[int, int]:
        """Purge so many days after START; return pictures removed and kept because they are in use."""
        done = purge(self.store, self.archive, Keep(START + timedelta(days=days), GOOD, UNCONFIRMED), dry_run=dry_run)
        return done.pictures, done.in_use

    def there(self, digest: str) -> bool:
        """Tell whether a picture is in the archive; the database must say the same."""
        engine = create_engine(self.url)
        with engine.connect() as connection:
            gone = connection.execute(text("select purged_at from image where sha256 = :s"), {"s": digest}).scalar()
        engine.dispose()
        there = bool(list(self.archive.path.glob(f"*/*/{digest}.png")))
        assert there == (gone is None), "database and archive say different things"
        return there

    def rows(self) -> dict[str, int]:
        return {name: n for name, n in self.store.status()["rows"].items() if name not in ("audit_log",)}


@pytest.fixture
def past(store: SqlStore, url: str, tmp_path: Path) -> Past:
    return Past(store, url, tmp_path / "images")


def test_good_pictures_go_after_30_days_and_their_rows_stay(past: Past) -> None:
    old = [past.judged(number) for number in (1, 2)]
    past.judged(3)
    before = past.rows()
    past.archive.put(picture(200))
    thumbnail = past.archive.path / old[0][:2] / old[0][2:4] / f"{old[0]}.webp"
    thumbnail.write_bytes(b"thumbnail")
    assert past.purge(29) == (0, 0)
    assert past.purge(31, dry_run=True) == (2, 0) and all(past.there(one) for one in old)
    assert past.purge(31) == (2, 0)
    assert not any(past.there(one) for one in old) and not thumbnail.exists()
    assert past.rows() == before
    assert past.purge(31) == (0, 0), "a second time there is nothing to do"
    with pytest.raises(StoreError, match="was purged"):
        past.archive.get(old[0])


def test_without_a_confirmed_verdict_they_stay_a_year(past: Past) -> None:
    unsure, unjudged = past.judged(1, "Good", 0.6), past.unjudged(2)
    past.judged(3)
    assert past.purge(364) == (0, 0)
    assert past.purge(366) == (2, 0) and not past.there(unsure) and not past.there(unjudged)


def labelled(past: Past, number: int, digest: str) -> None:
    item = replace(plot(number), sha256=digest)
    past.store.add_labels([LabelledPlot(item, "Good")], {digest: image(item)}, "anna", "web")


def frozen(past: Past, number: int, digest: str) -> None:
    labelled(past, number, digest)
    past.store.freeze_dataset(past.life.kind.name, {plot(number).uid: "train"}, "d" * 64)


def queued(past: Past, number: int, digest: str) -> None:
    past.store.queue_review(past.life.kind.name, "label", {plot(number).uid: 0.5})


@pytest.mark.parametrize("why", [labelled, frozen, queued])
def test_what_is_labelled_trained_on_or_under_review_stays(past: Past, why: Callable[[Past, int, str], None]) -> None:
    needed, other = past.judged(1), past.judged(2)
    past.judged(3)
    why(past, 1, needed)
    assert past.purge(4000) == (1, 0)
    assert past.there(needed) and not past.there(other)


def test_incidents_and_what_the_wall_shows_stay(past: Past) -> None:
    first = past.judged(1)
    incident = [past.judged(number, "Bad", 0.99) for number in (2, 3, 4)]
    minor = [past.judged(number, "NoData", 0.99) for number in (5, 6, 7)]
    after = [past.judged(number) for number in (8, 9, 10)]
    past.purge(4000)
    assert not past.there(first)
    assert past.there(incident[-1]) and past.there(minor[-1]), "BAD and WARN stay"
    assert past.there(incident[0]), "the first plot of an incident stays, though it was not yet confirmed"
    assert past.there(after[-1]), "the wall shows it"


def test_a_picture_is_kept_for_the_plot_that_needs_it_longest(past: Past) -> None:
    digest = past.judged(1)
    second = replace(plot(5), sha256=digest, received_at=at(20 * 86400))
    past.keep(
        replace(
            past.life.judge(5), plot=second, image=image(second), prediction=replace(prediction(plot(5)), plot=second)
        )
    )
    past.judged(9)
    assert past.purge(40) == (0, 0), "the same picture came again after 20 days"
    assert past.purge(51) == (1, 0)


def test_a_picture_that_was_stored_lately_stays_whatever_the_rows_say(past: Past) -> None:
    digest = past.judged(1)
    past.judged(2)
    path = next(past.archive.path.glob(f"*/*/{digest}.png"))
    past.archive.put(path.read_bytes())
    assert time.time() - path.stat().st_mtime < 3600, "to put it again says that it is in use"
    assert past.purge(31) == (0, 1)
    assert past.there(digest)


def test_a_purged_picture_that_comes_again_is_there_again(past: Past) -> None:
    digest = past.judged(1)
    past.judged(2)
    assert past.purge(31) == (1, 0) and not past.there(digest)
    again = past._with_picture(1, past.life.judge(40))
    assert again.plot is not None and again.plot.sha256 == digest
    past.keep(replace(again, at=START + timedelta(days=32)))
    assert past.there(digest)


def test_what_a_killed_purge_left_is_removed_the_next_time(past: Past) -> None:
    digest = past.judged(1)
    past.judged(2)
    keep = Keep(START + timedelta(days=31), GOOD, UNCONFIRMED)
    past.store.mark_purged(past.store.purgeable(keep), keep)
    assert list(past.archive.path.glob(f"*/*/{digest}.png")), "killed between marking and removing"
    assert past.purge(32) == (0, 0)
    assert not past.there(digest)


def test_a_label_that_comes_between_asking_and_marking_saves_the_picture(past: Past) -> None:
    digest = past.judged(1)
    past.judged(2)
    keep = Keep(START + timedelta(days=31), GOOD, UNCONFIRMED)
    asked = past.store.purgeable(keep)
    labelled(past, 1, digest)
    assert [picture.sha256 for picture in asked] == [digest]
    assert past.store.mark_purged(asked, keep) == []
    assert past.there(digest)


def test_many_pictures_in_batches(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hydra_core.purge.BATCH", 4)
    for number in range(1, 15):
        past.judged(number)
    assert past.purge(31) == (13, 0), "all but the one that the wall shows"
