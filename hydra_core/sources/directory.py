"""The directory source: turns files that appear in a directory tree into arrivals, each version exactly once."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import ParamSpec, TypeVar

from hydra_core.clock import SystemClock
from hydra_core.domain import Arrival
from hydra_core.images import DEFAULT_LIMITS, Limits
from hydra_core.ports import Clock
from hydra_core.sources.candidates import Candidates
from hydra_core.sources.grammar import NamePattern, ParsedName, is_ignored, looks_like_picture
from hydra_core.sources.memory import FileMemory
from hydra_core.sources.reading import FileReader, Finding, State
from hydra_core.sources.scanning import Found, Scan, TreeScanner
from hydra_core.sources.watching import DirectoryWatch

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

RECHECK = 0.5
RETRY = 1.0
POLLING_WITHOUT_WATCH = 2.0
HUNG_AFTER = 10.0
LONGEST_REST = 10.0

_BATCH = 32
_MOST_TOLD = 10_000
_MOST_DIRECTORIES = 1_000
_LOG_EVERY = 10.0


class DirectorySource:
    """Yields an arrival for every complete picture file below `path` that fits `pattern`; implements `ports.Source`.

    polling     None: inotify, for local disks; seconds: only look that often, for NFS, which has no events
    settle      seconds that an incomplete file may stay unchanged before it is rejected
    lookback    at start, files untouched for more seconds than this are left alone
    seen        says whether an arrival's uid is stored already; called in a worker thread
    on_reject   told the plot type (if known), the path (escaped) and the reason of every file that gives no arrival;
                called on the event loop
    reconcile   seconds between the scans that always run, whatever inotify says

    All file access is in one worker thread. `trouble` says why the directory cannot be read, or is None; the source
    goes on trying. There may be one consumer of `arrivals` at a time. Raises ConfigError for a bad pattern.
    """

    def __init__(
        self,
        path: Path,
        pattern: str,
        known_plots: Collection[str],
        *,
        polling: float | None,
        settle: float = 30.0,
        lookback: float = 86400.0,
        seen: Callable[[str], bool],
        on_reject: Callable[[str | None, str, str], None],
        clock: Clock | None = None,
        reconcile: float = 10.0,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self.path = Path(path)
        self.known_plots = known_plots
        self.rejects = 0
        self.last_reject = ""
        self.last_arrival: datetime | None = None
        self.trouble: str | None = None
        self._pattern = NamePattern(pattern)
        self._polling = polling
        self._interval = reconcile if polling is None else polling
        self._on_reject = on_reject
        self._clock = clock or SystemClock()
        self._memory = FileMemory()
        self._candidates = Candidates(min(RECHECK, self._interval) if polling is None else polling, settle)
        oldest_ns = int((self._clock.now().timestamp() - lookback) * 1e9)
        self._scanner = TreeScanner(self.path, self._pattern, self._memory, oldest_ns)
        self._reader = FileReader(self.path, limits, seen)
        self._told: set[str] = set()
        self._next_log = 0.0
        self._next_scan = 0.0
        self._more = False
        self._new_directories: list[str] = []
        self._watch: DirectoryWatch | None = None
        self._wake = asyncio.Event()

    @property
    def watching(self) -> bool:
        """Is inotify at work; otherwise the source polls."""
        return self._watch is not None

    async def arrivals(self) -> AsyncGenerator[Arrival, None]:
        """Yield complete files until closed or cancelled: those just finished first, otherwise the oldest first."""
        worker = ThreadPoolExecutor(1, thread_name_prefix="source")
        self._next_scan = 0.0
        try:
            await self._start_watch(worker)
            while True:
                await self._scan_if_due(worker)
                looks = self._candidates.due(_now(), _BATCH)
                if not looks:
                    await self._pause()
                    continue
                findings = await self._run(worker, self._reader.look_at_all, looks)
                self._candidates.put_back(looks[len(findings) :], _now())
                for index, finding in enumerate(findings):
                    findings[index] = Finding(finding.look, State.GONE)
                    arrival = self._judge(finding)
                    if arrival is not None:
                        yield arrival
        finally:
            self._stop_watch()
            worker.shutdown(wait=False, cancel_futures=True)

    async def _start_watch(self, worker: ThreadPoolExecutor) -> None:
        if self._polling is not None:
            return
        try:
            self._watch = await self._run(worker, DirectoryWatch, self.path)
        except (OSError, ImportError) as error:
            self._poll_instead(error)
            return
        asyncio.get_running_loop().add_reader(self._watch.fileno(), self._on_news)

    def _stop_watch(self) -> None:
        if self._watch is not None:
            asyncio.get_running_loop().remove_reader(self._watch.fileno())
            self._watch.close()
            self._watch = None

    def _poll_instead(self, error: Exception) -> None:
        self._stop_watch()
        self._interval = min(self._interval, POLLING_WITHOUT_WATCH)
        logger.warning("no inotify, polling path=%s every=%s error=%s", self.path, self._interval, error)

    def _on_news(self) -> None:
        """Take what inotify says, on the event loop; nothing here touches the disk."""
        if self._watch is None:
            return
        news = self._watch.read()
        for path in news.closed:
            base = path.rpartition("/")[2]
            if looks_like_picture(base) and not is_ignored(base):
                self._on_closed(path)
        for path in news.directories:
            base = path.rpartition("/")[2]
            if not is_ignored(base) and not looks_like_picture(base):
                self._new_directories.append(path)
        if news.lost or len(self._new_directories) > _MOST_DIRECTORIES:
            self._new_directories.clear()
            self._next_scan = 0.0
        self._wake.set()

    def _on_closed(self, path: str) -> None:
        name = self._known_name(path, self._pattern.match(path, self.known_plots))
        if name is not None and not self._candidates.add_closed(path, name, _now()):
            self._next_scan = 0.0

    async def _scan_if_due(self, worker: ThreadPoolExecutor) -> None:
        """Scan new directories at once, and everything when it is time to or when events were lost."""
        if _now() >= self._next_scan or (self._more and not len(self._candidates)):
            self._new_directories.clear()
            began = _now()
            self._next_scan = began + self._interval
            scan = await self._scan(worker, "")
            if self._next_scan > 0:
                # A slow server or a huge tree must not keep us scanning all the time.
                rest = min(3 * (_now() - began), LONGEST_REST)
                self._next_scan = _now() + max(rest, min(self._interval, RETRY) if scan.rootless else self._interval)
        elif self._new_directories:
            await self._scan(worker, self._new_directories.pop())

    async def _scan(self, worker: ThreadPoolExecutor, start: str) -> Scan:
        watch = self._watch
        known = frozenset(self.known_plots)
        scan = await self._run(
            worker, self._scanner.scan, start, known, self._candidates.room(), watch.add if watch else None
        )
        if watch is not None and watch.failure is not None:
            self._poll_instead(watch.failure)
        if start == "" or scan.trouble:
            self._set_trouble(scan.trouble)
        for found in scan.found:
            self._take(found)
        self._more = scan.more or (self._more and start != "")
        return scan

    def _take(self, found: Found) -> None:
        if found.oddity:
            self._reject_once(found.path, None, found.path, found.oddity)
            self._memory.remember(found.path, found.signature)
            return
        name = self._known_name(found.path, found.name)
        if name is None:
            self._memory.remember(found.path, found.signature)
        else:
            self._candidates.add_found(found.path, name, found.signature, _now())

    def _known_name(self, path: str, name: ParsedName | None) -> ParsedName | None:
        """Return the name if its plot type is configured; say once what is wrong with it otherwise."""
        if name is None:
            self._reject_once(path, None, path, f'NAME: does not fit the pattern "{self._pattern.pattern}"')
        elif name.plot not in self.known_plots:
            close = get_close_matches(name.plot, list(self.known_plots), 1)
            hint = f"; did you mean {close[0]}?" if close else "; add it to plots in the configuration"
            self._reject_once(f"plot {name.plot}", None, path, f"UNKNOWN: unknown plot type {name.plot}{hint}")
        else:
            return name
        return None

    def _judge(self, finding: Finding) -> Arrival | None:
        look, signature = finding.look, finding.signature
        if finding.state is State.GONE or signature is None:
            return None
        if finding.state in (State.CHANGING, State.INCOMPLETE):
            self._candidates.wait(look, signature, finding.reason, _now())
            return None
        already = finding.uid == self._memory.uid(look.path)
        self._memory.remember(look.path, signature, finding.uid or None)
        if finding.state is State.REFUSED:
            self._reject(look.name.plot, look.path, finding.reason)
        elif finding.state is State.COMPLETE and not already:
            return self._arrive(finding)
        return None

    def _arrive(self, finding: Finding) -> Arrival:
        name = finding.look.name
        self.last_arrival = self._clock.now()
        return Arrival(
            name.plot, name.run, name.chunk, finding.taken_at, self.last_arrival, finding.look.path, finding.data
        )

    def _reject_once(self, key: str, plot_type: str | None, path: str, reason: str) -> None:
        if key in self._told:
            return
        if len(self._told) >= _MOST_TOLD:
            self._told.clear()
        self._told.add(key)
        self._reject(plot_type, path, reason)

    def _reject(self, plot_type: str | None, path: str, reason: str) -> None:
        """Count a file that gives no arrival. Its name may be hostile: it leaves here in printable ASCII."""
        shown = ascii(path)[1:-1]
        self.rejects += 1
        self.last_reject = f"{shown}: {ascii(reason)[1:-1]}"
        if _now() >= self._next_log:
            self._next_log = _now() + _LOG_EVERY
            logger.warning("file rejected rejects=%d file=%s", self.rejects, self.last_reject)
        self._on_reject(plot_type, shown, reason)

    def _set_trouble(self, trouble: str | None) -> None:
        if trouble and trouble != self.trouble:
            logger.error("source in trouble error=%s", trouble)
        elif self.trouble and not trouble:
            logger.info("source works again path=%s", self.path)
        self.trouble = trouble

    async def _run(self, worker: ThreadPoolExecutor, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run in the worker thread; when that hangs (a file server that is away) say so and wait on."""
        future = asyncio.wrap_future(worker.submit(function, *args, **kwargs))
        while not (await asyncio.wait({future}, timeout=HUNG_AFTER))[0]:
            self._set_trouble(f"{self.path} has not answered for {HUNG_AFTER:.0f} s; is its file server up?")
        return future.result()

    async def _pause(self) -> None:
        """Wait for news, or until the next look or scan is due."""
        due = self._candidates.next_due()
        until = self._next_scan if due is None else min(due, self._next_scan)
        if not self._new_directories and until > _now():
            try:
                await asyncio.wait_for(self._wake.wait(), until - _now())
            except TimeoutError:
                return
        self._wake.clear()


def _now() -> float:
    return asyncio.get_running_loop().time()
