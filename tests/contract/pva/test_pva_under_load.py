"""Channel Access and PVAccess clients of one process under load: neither misses an alarm, nobody waits for a client."""

import signal
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.ca import VALUE, CaClient, eventually
from support.pva import pva_client, pva_subscriber

from hydra_core.domain import Condition, Severity
from hydra_core.pvs import THUMBNAIL_SIZE

PLOTS = 40
ROUNDS = 60
BAD = {"severity": Severity.MAJOR, "condition": Condition.STATE}
PIXELS = THUMBNAIL_SIZE[0] * THUMBNAIL_SIZE[1] * 3


def play(both: Any, turn: int) -> None:
    """Post one round of verdicts with scores and pictures to every plot type, in one turn of the loop."""
    picture = np.full(PIXELS, turn, np.uint8)
    for records in both.plots.values():
        for suffix, value in (
            ("SCORE", turn / ROUNDS),
            ("CONF", turn / ROUNDS),
            ("RUN", turn),
            ("MSG", f"turn {turn}"),
        ):
            records[suffix].post(value)
        records["STATUS"].post("BAD" if turn % 2 else "GOOD", **(BAD if turn % 2 else {"severity": Severity.NO_ALARM}))
    both.plots["P0"]["IMAGE"].post(picture)


def test_both_kinds_of_client_see_every_round(serve: Callable[..., Any]) -> None:
    both = serve(PLOTS)
    seen: dict[str, list[tuple[int, str]]] = {f"P{n}": [] for n in range(PLOTS)}
    with CaClient(both.port) as ca, pva_client(both.pva.port) as pva:
        keys = {plot: ca.monitor(both.name(plot, "STATUS"), VALUE) for plot in both.plots}
        subscriptions = []
        for plot, events in seen.items():

            def tell(value: Any, events: list[tuple[int, str]] = events) -> None:
                events.append((value["alarm.severity"], value["alarm.message"]))

            subscriptions.append(pva.monitor(both.name(plot, "STATUS"), tell))
        assert eventually(lambda: all(seen.values())), "not every PVAccess subscription came up"
        for turn in range(1, ROUNDS + 1):
            both.thread.do(play, both, turn)
            assert eventually(lambda turn=turn: all(len(events) > turn for events in seen.values()))
        expected = [(2, f"turn {turn}") if turn % 2 else (0, "NO_ALARM") for turn in range(1, ROUNDS + 1)]
        assert all(events == [(3, "UDF"), *expected] for events in seen.values())
        for key in keys.values():
            told = [event["severity"] for event in ca.wait(key, ROUNDS + 1)]
            assert told == [3, *([2, 0] * (ROUNDS // 2))]
        assert pva.get(both.name("P0", "IMAGE"))["value"][0] == ROUNDS
        for subscription in subscriptions:
            subscription.close()
    assert both.ca.coalesced == 0


@pytest.mark.parametrize("end", [signal.SIGSTOP, signal.SIGKILL])
def test_nobody_waits_for_a_pva_client_that_takes_nothing(serve: Callable[..., Any], end: signal.Signals) -> None:
    """600 pictures of 360 kB are more than any buffer between us and the client holds: a post that waits would hang."""
    both = serve(2)
    image, counter = both.name("P0", "IMAGE"), both.name("P0", "RUN")
    with (
        pva_subscriber(both.pva.port, image, counter) as frozen,
        pva_client(both.pva.port) as pva,
        CaClient(both.port) as ca,
    ):
        seen: list[int] = []
        subscription = pva.monitor(counter, lambda value: seen.append(value["value"]))
        key = ca.monitor(counter)
        frozen.send_signal(end)
        for number in range(1, 601):
            both.thread.do(both.plots["P0"]["IMAGE"].post, np.full(PIXELS, number % 256, np.uint8))
            both.thread.do(both.plots["P0"]["RUN"].post, number)
        assert ca.wait(key, value=600)[-1]["value"] == 600
        assert eventually(lambda: seen and seen[-1] == 600)
        assert pva.get(image)["value"][0] == 600 % 256
        subscription.close()
