"""How clients find the server and are let in: searches, name servers, beacons, ports, limits."""

import socket
import time

import pytest
from support.ca import (
    Libca,
    LoopThread,
    Raw,
    RawClient,
    Serve,
    closed_by_server,
    eventually,
    frame,
    free_port,
    split,
)

from hydra_core.errors import ServiceError
from hydra_core.pvs import Kind, PvSpec
from hydra_ioc.ca import CaServer, make_record

AI = PvSpec("AI", Kind.AI, "ai", units="mm", precision=3, alarms=True)


def test_name_search_over_tcp(serve: Serve, libca: Libca) -> None:
    ioc = serve(AI)
    ioc.post("AI", 4.0)
    nowhere = str(free_port())
    client = libca(nowhere, EPICS_CA_NAME_SERVERS=f"127.0.0.1:{ioc.port}", EPICS_CA_ADDR_LIST="")
    assert client.connect(ioc.name("AI"), timeout=10.0) == [True]
    assert client.value(ioc.name("AI")) == 4.0
    assert client.info(ioc.name("AI"))["host"].endswith(f":{ioc.port}")


def test_search_over_tcp_says_when_it_does_not_know(serve: Serve, raw: Raw) -> None:
    ioc = serve(AI)
    client = raw(ioc.port)
    client.send(frame(6, 10, 13, 5, 5, b"NOT:OURS\0"), frame(6, 10, 13, 6, 6, ioc.name("AI").encode() + b"\0"))
    seen = client.until(lambda one: one[0] == 6)
    assert [one[0] for one in seen if one[0] in (6, 14)] == [14, 6] and seen[-1][1] == ioc.port


def test_search_over_udp_answers_only_what_is_ours_and_gives_the_sequence_number_back(
    serve: Serve,
) -> None:
    ioc = serve(AI)
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.settimeout(5.0)
        names = [ioc.name("AI"), "NOT:OURS", ioc.name("AI.DESC"), ioc.name("AI.NOPE"), ioc.name("AI.VAL")]
        searches = [frame(6, 5, 13, cid, cid, name.encode() + b"\0") for cid, name in enumerate(names)]
        sock.sendto(frame(0, 1, 13, 77, 0) + b"".join(searches), ("127.0.0.1", ioc.port))
        answers, _ = split(sock.recv(4096))
    assert answers[0][:5] == (0, 1, 13, 77, 0)
    assert [(one[0], one[1], one[4]) for one in answers[1:]] == [(6, ioc.port, cid) for cid in (0, 2, 4)]


def test_more_clients_than_allowed_are_turned_away(serve: Serve) -> None:
    ioc = serve(AI, max_circuits=5, max_circuits_per_host=3)
    clients = [RawClient(ioc.port) for _ in range(3)]
    assert eventually(lambda: ioc.server.clients == 3)
    late = RawClient(ioc.port)
    assert closed_by_server(late) and ioc.server.clients == 3
    late.sock.close()
    clients[0].sock.close()
    assert eventually(lambda: ioc.server.clients == 2)
    clients.append(RawClient(ioc.port))
    assert clients[-1].create(ioc.name("AI"))
    for client in clients:
        client.sock.close()


def test_a_taken_port_is_a_clear_error_and_leaves_nothing_behind() -> None:
    thread = LoopThread()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = CaServer([make_record("P:A", AI)], interfaces=["127.0.0.1"], port=port)
        with pytest.raises(ServiceError, match=rf"cannot listen on TCP 127\.0\.0\.1:{port}.*another IOC"):
            thread.wait(server.start())
    with pytest.raises(ServiceError, match=r"cannot listen on TCP 203\.0\.113\.77:"):
        thread.wait(CaServer([], interfaces=["203.0.113.77"], port=0).start())
    with pytest.raises(ServiceError, match="P:A is defined twice"):
        CaServer([make_record("P:A", AI), make_record("P:A", AI)], interfaces=["127.0.0.1"], port=0)
    thread.close()


def test_any_free_port_and_beacons_to_loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as repeater:
        repeater.bind(("127.0.0.1", 0))
        repeater.settimeout(5.0)
        monkeypatch.setenv("EPICS_CA_REPEATER_PORT", str(repeater.getsockname()[1]))
        thread = LoopThread()
        server = CaServer([make_record("P:A", AI)], interfaces=["127.0.0.1"], port=0)
        thread.wait(server.start())
        beacons = [split(repeater.recv(64))[0][0] for _ in range(3)]
        assert server.port and [one[:4] for one in beacons] == [(13, 13, server.port, number) for number in range(3)]
        thread.wait(server.stop())
        thread.close()
        assert thread.errors == []


def test_a_refused_beacon_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    thread = LoopThread()
    server = CaServer([], interfaces=["127.0.0.1"], port=0, beacon_addresses=["host.invalid:5065"])
    thread.wait(server.start())
    assert eventually(lambda: "beacon refused" in caplog.text)
    time.sleep(0.2)
    assert [record.message for record in caplog.records].count(caplog.records[0].message) == 1
    thread.wait(server.stop())
    thread.close()


def test_two_thousand_pvs_are_found_connected_and_read(serve: Serve, libca: Libca) -> None:
    ioc = serve(*(PvSpec(f"A{number}", Kind.AI, "a") for number in range(2000)))
    ioc.post("A1999", 7.0)
    client = libca(ioc.port)
    assert client.connect(*(ioc.name(f"A{number}") for number in range(2000)), timeout=30.0) == [True] * 2000
    assert ioc.server.channels == 2000 and client.value(ioc.name("A1999")) == 7.0
