"""A monitoring that goes on drawing: a thread that drops plots into a hall's directory at a steady pace."""

import itertools
import threading
from collections.abc import Iterator, Mapping
from typing import Self

from support.hall import Hall


class Writer:
    """Drops the next picture of every series every `period` seconds until it is stopped."""

    def __init__(self, hall: Hall, series: Mapping[str, Iterator[bytes]], period: float) -> None:
        self._hall = hall
        self._series = series
        self._period = period
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.dropped: list[tuple[str, int]] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._period):
            for plot, pictures in self._series.items():
                self.dropped.append((plot, self._hall.drop(plot, next(pictures))))


def always(pictures: list[bytes]) -> Iterator[bytes]:
    """Yield these pictures again and again."""
    return itertools.cycle(pictures)


def phases(good: list[bytes], bad: list[bytes], length: int) -> Iterator[bytes]:
    """Yield so many good ones, then so many bad ones, and so on."""
    for kind in itertools.cycle((good, bad)):
        yield from itertools.islice(itertools.cycle(kind), length)
