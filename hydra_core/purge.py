"""Removes old pictures that nobody needs; what was said of them stays in the database for ever."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from hydra_core.archive import FileArchive
from hydra_core.store import SqlStore
from hydra_core.store.purging import Keep, OldPicture

BATCH = 500
CUT_SHORT = timedelta(days=7)
"""A purge that was killed left files behind whose pictures it had marked: as old as this they are looked for."""

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Purged:
    """What was removed, or would be: pictures and bytes. `in_use`: stored again lately, so they stay."""

    pictures: int = 0
    size: int = 0
    in_use: int = 0


def purge(store: SqlStore, archive: FileArchive, keep: Keep, *, dry_run: bool = False) -> Purged:
    """Remove what may go; safe to repeat, to interrupt, and while the services run. Raises StoreError.

    A picture is marked first and removed then, so that one that is labelled meanwhile stays.
    """
    done = Purged()
    if not dry_run:
        for picture in store.purged_since(keep.now - CUT_SHORT):
            archive.remove(picture.sha256)
    for batch in _batches(store, keep):
        if dry_run:
            done.pictures += len(batch)
            done.size += sum(picture.size for picture in batch)
        else:
            _remove(store, archive, store.mark_purged(batch, keep), done)
    if done.pictures and not dry_run:
        store.audit("hydra purge", "purge", str(archive.path), None, {"pictures": done.pictures, "bytes": done.size})
    return done


def _batches(store: SqlStore, keep: Keep) -> Iterator[list[OldPicture]]:
    after = 0
    while batch := store.purgeable(keep, after, BATCH):
        yield batch
        after = batch[-1].id


def _remove(store: SqlStore, archive: FileArchive, pictures: list[OldPicture], done: Purged) -> None:
    in_use = []
    for picture in pictures:
        removed = archive.remove(picture.sha256)
        if removed is None:
            in_use.append(picture)
        else:
            done.pictures += 1
            done.size += removed
    if in_use:
        done.in_use += len(in_use)
        store.take_back(in_use)
