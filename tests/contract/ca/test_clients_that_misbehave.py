"""Clients that freeze, crawl, die or send garbage: the server and every other client go on as if they were not."""

import json
import os
import random
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.ca import CaClient, Libca, Raw, RawClient, Serve, closed_by_server, eventually, frame, rss
from support.garbage import mutated, sane

from hydra_core.pvs import Element, Kind, PvSpec
from hydra_ioc.ca import CaServer, make_record

AI = PvSpec("AI", Kind.AI, "ai")
IMAGE = PvSpec("IMG", Kind.WAVEFORM, "image", element=Element.UCHAR, length=360_000)
TIME_DOUBLE, TIME_CHAR = 20, 18
SECONDS = 60 if os.environ.get("HYDRA_LONG") == "1" else 8
BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.mark.slow
def test_ten_frozen_and_ten_slow_clients_go_unnoticed() -> None:
    """The benchmark, shortened: a healthy client ends with every latest value, memory is bounded by the buffers."""
    run = subprocess.run(
        [sys.executable, str(BENCHMARKS / "frozen_clients.py"), "--seconds", str(SECONDS), "--json"],
        capture_output=True,
        text=True,
        timeout=150,
        check=True,
    )
    figures = json.loads(run.stdout)
    assert figures["missing"] == []
    assert figures["updates"] > 50 * SECONDS and figures["images"] > SECONDS
    assert figures["coalesced"] > 1000, "the frozen clients were not frozen: the test shows nothing"
    assert figures["rss_peak"] - figures["rss_before"] < 20 * 2.0, "20 clients may hold 1 MiB and one image each"


def test_a_client_that_takes_nothing_is_dropped_and_counted(serve: Serve, raw: Raw) -> None:
    ioc = serve(IMAGE, AI, stall_seconds=0.5)
    frozen = raw(ioc.port, receive_buffer=4096)
    image, scalar = frozen.create(ioc.name("IMG"), ioc.name("AI"))
    frozen.subscribe(image, 1, TIME_CHAR)
    frozen.subscribe(scalar, 2)
    healthy = raw(ioc.port)
    (theirs,) = healthy.create(ioc.name("AI"))
    healthy.subscribe(theirs, 1)
    number = 0
    while ioc.server.clients == 2 and number < 2000:
        number += 1
        ioc.post("IMG", np.full(360_000, number % 256, np.uint8))
        ioc.post("AI", float(number))
        time.sleep(0.005)
    assert ioc.server.clients == 1 and ioc.server.dropped_clients == 1
    assert closed_by_server(frozen)
    healthy.until(lambda one: one[0] == 1 and struct.unpack_from(">d", one[5], 16)[0] == number)


def test_a_client_that_takes_little_is_not_dropped(serve: Serve, raw: Raw) -> None:
    ioc = serve(IMAGE, stall_seconds=1.0)
    slow, frozen = raw(ioc.port, receive_buffer=4096), raw(ioc.port, receive_buffer=4096)
    for client in (slow, frozen):
        client.subscribe(client.create(ioc.name("IMG"))[0], 1, TIME_CHAR)
    number = 0
    while ioc.server.clients == 2 and number < 100:
        number += 1
        ioc.post("IMG", np.full(360_000, number, np.uint8))
        slow.sock.recv(4096)
        time.sleep(0.1)
    for number in range(101, 131):
        ioc.post("IMG", np.full(360_000, number, np.uint8))
        assert slow.sock.recv(4096)
        time.sleep(0.1)
    assert ioc.server.clients == 1 and ioc.server.dropped_clients == 1
    assert closed_by_server(frozen)


def test_a_client_that_stops_for_a_while_gets_the_latest_values(serve: Serve, raw: Raw) -> None:
    ioc = serve(IMAGE, AI)
    client = raw(ioc.port, receive_buffer=4096)
    image, scalar = client.create(ioc.name("IMG"), ioc.name("AI"))
    client.subscribe(image, 1, TIME_CHAR)
    client.subscribe(scalar, 2)
    for number in range(1, 101):
        ioc.post("IMG", np.full(360_000, number, np.uint8))
        ioc.post("AI", float(number))
    assert ioc.server.coalesced > 0
    seen = client.until(lambda one: one[0] == 1 and one[4] == 2 and struct.unpack_from(">d", one[5], 16)[0] == 100.0)
    events = len(seen)
    images = [one for one in seen if one[4] == 1 and len(one[5]) > 1000]
    while not images or images[-1][5][15] != 100:
        images += client.until(lambda one: one[0] == 1 and one[4] == 1)
    assert events < 202 and all(len(set(one[5][15:360_015])) == 1 for one in images), "an image was torn"


def test_requests_of_a_client_that_reads_no_answers_do_not_pile_up(serve: Serve, raw: Raw) -> None:
    ioc = serve(IMAGE, stall_seconds=60)
    ioc.post("IMG", np.zeros(360_000, np.uint8))
    client = raw(ioc.port, receive_buffer=4096)
    (sid,) = client.create(ioc.name("IMG"))
    before = rss(os.getpid())
    client.sock.settimeout(0.5)
    request = b"".join(frame(15, TIME_CHAR, 0, sid, number) for number in range(1000))
    with pytest.raises(TimeoutError):
        for _ in range(200):
            client.sock.sendall(request)
    assert rss(os.getpid()) - before < 60 << 10, "1000 answers would be 360 MB"


def test_kill_9_of_subscribers_in_mid_stream(serve: Serve, libca: Libca) -> None:
    ioc = serve(IMAGE, *(PvSpec(f"A{number}", Kind.AI, "a") for number in range(20)))
    healthy = libca(ioc.port)
    key = healthy.monitor(ioc.name("A0"))
    victims = [libca(ioc.port) for _ in range(3)]
    for victim in victims:
        victim.monitor(ioc.name("IMG"))
        for number in range(20):
            victim.monitor(ioc.name(f"A{number}"))
    for number in range(1, 151):
        ioc.post("IMG", np.full(360_000, number, np.uint8))
        for index in range(20):
            ioc.post(f"A{index}", float(number)) if number == 150 or index < 3 else None
        if number in (30, 60, 90):
            victims[number // 30 - 1].process.kill()
    assert eventually(lambda: ioc.server.clients == 1)
    assert [event["value"] for event in healthy.wait(key, 151, 150.0)] == [float(number) for number in range(151)]
    assert sum(len(record._views) for record in ioc.records.values()) == 1, "the victims' subscriptions leaked"
    assert ioc.server.channels == 1


def test_garbage_hurts_only_who_sends_it(serve: Serve, libca: Libca, caplog: pytest.LogCaptureFixture) -> None:
    """20,000 damaged frames and 8,000 datagrams, seeded; then updates flow, nothing leaked, no traceback came."""
    ioc = serve(AI, PvSpec("OUT", Kind.AO, "out", writable="expert", alarms=True), max_circuits_per_host=512)
    client = libca(ioc.port)
    key = client.monitor(ioc.name("AI"))
    client.wait(key, 1)
    chance, files = random.Random(20261124), open_files()
    good = sane(ioc.name("OUT"))
    with socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        sent = 0
        while sent < 20_000:
            with socket.create_connection(("127.0.0.1", ioc.port)) as sock:
                batch = [*good[: chance.randint(0, 6)], *(mutated(chance, chance.choice(good)) for _ in range(5))]
                sent += 5
                try:
                    sock.sendall(b"".join(batch))
                except OSError:
                    continue
            for _ in range(2):
                datagrams.sendto(mutated(chance, chance.choice(good)), ("127.0.0.1", ioc.port))
    ioc.post("AI", 42.0)
    assert client.wait(key, 2)[-1]["value"] == 42.0
    assert eventually(lambda: ioc.server.clients == 1)
    assert eventually(lambda: open_files() <= files)
    assert not any(ioc.records["OUT"]._views)
    assert not [record for record in caplog.records if record.exc_info], "garbage must not look like a bug of ours"
    assert not np.isnan(ioc.records["OUT"].value)


def mistreated(*options: str) -> tuple[int, dict[str, Any]]:
    """Run the benchmark; return its exit code and figures."""
    command = [sys.executable, str(BENCHMARKS / "garbage.py"), *options]
    run = subprocess.run(command, capture_output=True, text=True, timeout=170)
    return run.returncode, json.loads(run.stdout)


@pytest.mark.slow
def test_a_hundred_thousand_damaged_frames_500_circuits_and_50_killed_clients_leave_nothing_behind() -> None:
    code, figures = mistreated("--frames", str(1_000_000 if os.environ.get("HYDRA_LONG") == "1" else 100_000))
    assert set(figures["left_behind"].values()) == {0}, figures
    assert figures["circuits_told"] == 500 and figures["healthy_ms"]["answers"] > 20, figures
    assert figures["rss_growth_kib"] < 30 << 10 and code == 0, figures


def test_a_server_that_leaks_would_be_noticed() -> None:
    code, figures = mistreated("--frames", "2000", "--leak")
    assert figures["left_behind"]["subscriptions"] > 500 and code == 1, figures


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: ioc\r\n\r\n",
        struct.pack(">HHHHIIII", 4, 0xFFFF, 6, 0, 1, 1, 1 << 30, 1 << 27),
        frame(15, TIME_DOUBLE, 1, 999, 1),
        frame(99),
        frame(1, TIME_DOUBLE, 1, 1, 1),
        frame(16),
    ],
    ids=["http", "a GiB to come", "unknown channel", "unknown command", "no mask", "no place"],
)
def test_what_is_not_channel_access_closes_the_circuit(serve: Serve, data: bytes) -> None:
    ioc = serve(AI)
    with RawClient(ioc.port) as client:
        client.send(data)
        assert closed_by_server(client)
    assert eventually(lambda: ioc.server.clients == 0)


def test_a_flood_of_searches_for_other_pvs_leaves_the_loop_free(serve: Serve, raw: Raw) -> None:
    ioc = serve(AI)
    client = raw(ioc.port)
    (sid,) = client.create(ioc.name("AI"))
    stop = threading.Event()

    def flood() -> None:
        with socket.socket(type=socket.SOCK_DGRAM) as sock:
            number = 0
            while not stop.is_set():
                number += 1
                sock.sendto(frame(6, 5, 13, 1, 1, f"NOT:OURS:{number}\0".encode()), ("127.0.0.1", ioc.port))
                if number % 50 == 0:
                    time.sleep(0.005)

    thread = threading.Thread(target=flood)
    thread.start()
    try:
        for number in range(50):
            client.send(frame(15, TIME_DOUBLE, 0, sid, number))
            client.until(lambda one: one[0] == 15)
    finally:
        stop.set()
        thread.join()


def test_reconnecting_again_and_again_leaks_nothing(serve: Serve) -> None:
    ioc = serve(AI, *(PvSpec(f"A{number}", Kind.AI, "a") for number in range(50)))

    def visit() -> None:
        with RawClient(ioc.port) as client:
            for number, sid in enumerate(client.create(*(ioc.name(f"A{index}") for index in range(50)))):
                client.subscribe(sid, number)
            client.until(lambda one: one[0] == 1 and one[4] == 49)

    for _ in range(20):
        visit()
    assert eventually(lambda: ioc.server.clients == 0)
    files, before = open_files(), rss(os.getpid())
    for _ in range(200):
        visit()
    assert eventually(lambda: ioc.server.clients == 0)
    assert open_files() <= files and rss(os.getpid()) - before < 4 << 10
    assert not any(record._views for record in ioc.records.values())


@pytest.mark.slow
def test_a_client_finds_the_ioc_again_after_a_restart(serve: Serve) -> None:
    first = serve(AI)
    first.post("AI", 1.0)
    with CaClient(first.port, EPICS_CA_CONN_TMO="2") as client:
        key = client.monitor(first.name("AI"))
        client.wait(key, 1)
        first.thread.wait(first.server.stop())
        port, name = first.port, first.name("AI")
        record = make_record(name, AI)
        server = CaServer([record], interfaces=["127.0.0.1"], port=port)
        first.thread.wait(server.start())
        first.thread.do(record.post, 2.0)
        assert client.wait(key, 2, 2.0, timeout=30.0)[-1]["value"] == 2.0
        first.thread.wait(server.stop())
