"""A day in a control room in a minute: what plots show and what goes wrong, through the real rules to real CA events.

Time is simulated; verdicts, records, server and client (libca) are real. What each client should have been told is
written down beside it, from the verdicts alone.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from hydra_core.domain import Condition, Event, Failure, KofN, Mute, Outcome, PlotState, Severity, Status
from hydra_ioc.ca import CaServer, Record
from hydra_ioc.publisher import PvPublisher
from hydra_ioc.records import make_records
from hydra_ioc.watch import Surroundings, Watch
from support.ca import ALARM, LOG, VALUE, CaClient, LoopThread
from support.plots import T0, plot_type, prediction
from support.ports import free_port

STEP = 60.0
"""Seconds between plots of one type."""
DAY = 86400.0
QUIET, ROUGH = ("Q0", "Q1", "Q2"), ("R0", "R1", "R2")
"""Plot types that only flicker and break; and those to which everything else happens, too."""
NAMES = (*QUIET, *ROUGH)
Said = tuple[Status, Severity, Condition]


@dataclass(frozen=True)
class Fault:
    """The detector shows a fault from `start` to `end`, seconds of the day."""

    start: float
    end: float


@dataclass
class Story:
    """What happens to one plot type, drawn from a seed."""

    name: str
    dice: random.Random
    faults: list[Fault] = field(default_factory=list)
    silences: list[Fault] = field(default_factory=list)
    odd: int = 0

    def __post_init__(self) -> None:
        at = self.dice.uniform(1800, 7200)
        while at < DAY - 7200:
            length = self.dice.uniform(900, 5400)
            self.faults.append(Fault(at, at + length))
            at += length + self.dice.uniform(3600, 14400)
        if self.name in ROUGH:
            starts = [self.dice.uniform(0, DAY - 3600) for _ in range(4)]
            self.silences = [Fault(start, start + self.dice.uniform(400, 2400)) for start in starts]

    def event(self, at: float, number: int) -> Event | None:
        """Return what the model says of the plot at this second; three in a hundred are nonsense, some never come."""
        if any(one.start <= at < one.end for one in self.silences):
            return None
        if self.name in ROUGH and self.dice.random() < 0.003:
            return Failure(self.name, Condition.READ, "not a picture")
        bad = any(one.start <= at < one.end for one in self.faults)
        if self.dice.random() < 0.03:
            bad, self.odd = not bad, self.odd + 1
        return prediction("Bad" if bad else "Good", self.dice.uniform(0.91, 1.0), number, plot_type=self.name)


class Room:
    """An IOC that is started and stopped, and a client for the whole day. `told[name]` is what it had to be told."""

    def __init__(self, seed: int) -> None:
        self.port, self.dice = free_port(), random.Random(seed)
        rules = {"confirm": KofN(3, 4), "clear": KofN(3, 4), "stale_after": 300.0}
        self.types = {name: plot_type(name, name, **rules) for name in NAMES}
        self.stories = {name: Story(name, random.Random(f"{seed} {name}")) for name in NAMES}
        self.watches = {name: Watch(one, one.policy, PlotState(), has_model=True) for name, one in self.types.items()}
        self.thread, self.seconds = LoopThread(), 0.0
        self.last: dict[str, Outcome] = {}
        self.told: dict[str, list[list[Said]]] = {name: [] for name in NAMES}
        self.server: CaServer | None = None
        self.coalesced = 0
        self.connects: list[float] = []
        self.breaks: list[float] = []
        self.episodes: dict[str, set[str]] = {name: set() for name in NAMES}
        self._build()
        self.connect()
        self.client = CaClient(self.port)
        self.keys = {
            (name, mask): self.client.monitor(f"D:{name}:STATUS", mask)
            for name in NAMES
            for mask in (VALUE | ALARM, LOG)
        }
        self.scores = {name: self.client.monitor(f"D:{name}:SCORE", LOG) for name in NAMES}
        self.caught_up()

    def close(self) -> None:
        self.client.close()
        self.disconnect()
        self.thread.close()

    def _build(self) -> None:
        plots, service = make_records("D:", self.types)
        self.records: list[Record] = [record for group in (*plots.values(), service) for record in group.values()]
        self.publisher = PvPublisher(plots, service, self.types, "")
        self.status = {name: plots[name]["STATUS"] for name in NAMES}
        for watch in self.watches.values():
            self.publisher.policy(watch.plot_type, watch.policy)

    def now(self) -> float:
        """Return the simulated time, POSIX seconds."""
        return (T0 + timedelta(seconds=self.seconds)).timestamp()

    def connect(self) -> None:
        """Begin to serve; from here on the client is told, first what is."""
        self.server = CaServer(self.records, interfaces=["127.0.0.1"], port=self.port)
        self.thread.wait(self.server.start())
        self.connects.append(self.now())
        for name in NAMES:
            state = self.watches[name].state
            self.told[name].append([(state.status, state.severity, state.condition)])

    def disconnect(self) -> None:
        """Stop serving: the network is away, or the IOC."""
        assert self.server is not None
        self.coalesced += self.server.coalesced
        self.breaks.append(self.now())
        self.thread.wait(self.server.stop())

    def stop(self) -> None:
        """Stop the IOC as systemd does: it says that nobody watches any more, and goes."""
        self.thread.do(self.publisher.stopping, at=self.now())
        for name in NAMES:
            self._tell(name, (self.watches[name].state.status, Severity.INVALID, Condition.COMM))
        self.caught_up()
        self.disconnect()

    def start(self) -> None:
        """Start the IOC again: new records, the last states from the database."""
        self._build()
        for name, watch in self.watches.items():
            restored = Watch(watch.plot_type, watch.policy, PlotState(), has_model=True)
            restored.restored(watch.state)
            self.watches[name] = restored
            if name in self.last:
                now = T0 + timedelta(seconds=self.seconds)
                self.thread.do(self.publisher.restore, watch.plot_type, self.last[name], False, now)
        self.connect()

    def caught_up(self) -> None:
        """Wait until the client has all that it had to be told."""
        for (name, mask), key in self.keys.items():
            wanted = sum(len(segment) for segment in self.told[name])
            got = len(self.client.wait(key, wanted, timeout=30.0))
            assert got == wanted, f"{name} by mask {mask}: {got} events, not {wanted}"

    def events(self, name: str, mask: int = VALUE | ALARM) -> list[dict[str, object]]:
        """Return what the client was told of a STATUS so far."""
        return self.client.events(self.keys[name, mask])

    def play(self, until: float, *, connected: bool = True, running: bool = True, around: Surroundings) -> None:
        """Let the day go on to a second of it, with a plot of each type and a look at the time every step."""
        while self.seconds < until:
            self.seconds += STEP
            if running:
                self.thread.do(self._step, connected, around)

    def _step(self, connected: bool, around: Surroundings) -> None:
        now, number = T0 + timedelta(seconds=self.seconds), int(self.seconds / STEP)
        for name, watch in self.watches.items():
            event = self.stories[name].event(self.seconds, number)
            steps = [event] if event is not None and around.trouble is None else []
            if name == "R2" and self.dice.random() < 0.004:
                steps.append(Mute(now + timedelta(minutes=10), "shift", "known"))
            outcomes = [watch.step(one, None, now) for one in steps]
            outcomes.append(watch.tick(around if name in ROUGH else Surroundings(trouble=around.trouble), now))
            for outcome in filter(None, outcomes):
                self._publish(name, outcome, connected)

    def _publish(self, name: str, outcome: Outcome, connected: bool) -> None:
        self.last[name] = outcome
        if outcome.episode is not None:
            self.episodes[name].add(outcome.episode.uid)
        self.publisher.outcome(outcome, None, None)
        verdict = outcome.verdict
        if verdict is not None and connected:
            self._tell(name, (verdict.status, verdict.severity, verdict.condition))

    def _tell(self, name: str, said: Said) -> None:
        if self.told[name][-1][-1] != said:
            self.told[name][-1].append(said)


def segments(room: Room, name: str, mask: int) -> Iterator[tuple[int, dict[str, object]]]:
    """Yield the events of a STATUS, each with the number of the connection it came by."""
    events = iter(room.events(name, mask))
    for number, segment in enumerate(room.told[name]):
        for _ in segment:
            yield number, next(events)
    assert next(events, None) is None, f"{name} was told more than there was to tell"
