"""The notify service on a real database, sending through Apprise to a real HTTP server on loopback."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from support.ca import eventually
from support.hall import Hall as HallFiles
from support.hall import quiet
from support.wall import HALL, Shift, hall

from hydra_core.archive import FileArchive
from hydra_core.config.telling import Notice
from hydra_core.errors import ConfigError
from hydra_core.notify import service as notify_service
from hydra_core.notify.outbox import Outbox
from hydra_core.notify.service import Channel, NotifyService
from hydra_core.notify.target import Target
from hydra_core.store import SqlStore

# Apprise imports a module of the standard library that Python 3.13 no longer has, and copes where it is missing.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")


@dataclass
class Chat:
    """Takes messages as Apprise's json:// sends them; `deaf` refuses them."""

    url: str = ""
    messages: list[dict] = field(default_factory=list)
    tries: int = 0
    deaf: bool = False


@pytest.fixture
def chat() -> Iterator[Chat]:
    made = Chat()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Take a message or refuse it."""
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            made.tries += 1
            if not made.deaf:
                made.messages.append(body)
            self.send_response(503 if made.deaf else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    made.url = f"json://127.0.0.1:{server.server_address[1]}/hydra"
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


class Told:
    """A hall whose notify service is turned by hand; its clock goes as fast as the test wants."""

    def __init__(self, folder, chat: Chat, **notice: object) -> None:
        self.config = hall(folder, text=HALL)
        self.store = SqlStore(f"sqlite:///{folder / 'hydra.sqlite3'}")
        self.store.upgrade()
        self.store.sync_plot_types(self.config.plot_types())
        self.shift = Shift(self.config, self.store.record, FileArchive(folder / "images"))
        self.shift.open()
        self.notice = Notice(url=chat.url, **notice)
        self.now = 1000.0
        self.start()

    def start(self) -> None:
        """Start the service anew, as after a kill."""
        self.channel = Channel(Target(0, self.notice), Outbox(self.notice.on, self.notice.min_interval, "hall-d"))
        self.service = NotifyService(self.config, self.store, [self.channel])
        self.service.turn(self.now)

    def pass_time(self, seconds: float) -> None:
        """Let time pass, a second a turn, and let what is under way arrive."""
        for _ in range(int(seconds)):
            self.now += 1.0
            self.service.turn(self.now)
            self.arrive()

    def arrive(self) -> None:
        """Wait for what is being sent."""
        sending = self.channel._sending
        if sending is not None:
            assert eventually(sending[1].done, 20)
            self.service.turn(self.now)


@pytest.fixture
def told(tmp_path, chat) -> Iterator[Told]:
    made = Told(tmp_path, chat, on=("bad_confirmed", "cleared", "service"), min_interval="1m")
    yield made
    made.channel.close()
    made.store.close()


def titles(chat: Chat) -> list[str]:
    return [message["title"] for message in chat.messages]


def test_a_confirmed_alarm_is_told_once_and_so_is_its_end(told, chat):
    told.shift.judge("CDC_occupancy", "Bad")
    told.pass_time(10)
    assert chat.messages == []
    told.shift.judge("CDC_occupancy", "Bad")
    told.shift.judge("CDC_occupancy", "Bad")
    told.pass_time(10)
    assert titles(chat) == ["Hydra hall-d: CDC occupancy is BAD: Bad 0.993 >= 0.90, 2 of 2"]
    assert "Check the high-voltage board" in chat.messages[0]["message"]
    told.shift.confirm("CDC_occupancy", "Good")
    told.pass_time(65)
    assert titles(chat)[1:] == ["Hydra hall-d: CDC occupancy is GOOD again"]


def test_many_alarms_at_once_are_one_message(told, chat):
    for name in ("CDC_occupancy", "FCAL_occupancy", "BCAL_occupancy"):
        told.shift.confirm(name, "Bad")
    told.pass_time(10)
    assert titles(chat) == ["Hydra hall-d: 3 messages"]


def test_an_address_that_fails_is_said_once_retried_and_seen_in_the_heartbeat(told, chat, caplog):
    chat.deaf = True
    told.shift.confirm("CDC_occupancy", "Bad")
    told.pass_time(60)
    assert 2 < chat.tries < 6
    warnings = [r for r in caplog.records if r.levelname == "WARNING" and "do not get through" in r.message]
    assert len(warnings) == 1
    (target,) = next(one for one in told.store.services() if one.service == "notify").detail["targets"]
    assert target["target"] == "notify[0] (json)" and target["trouble"] and target["waiting"] == 1
    chat.deaf = False
    told.pass_time(90)
    assert len(chat.messages) == 1
    assert told.channel.report()["trouble"] == ""


def test_a_restart_forgets_nothing_and_repeats_nothing(told, chat):
    told.shift.confirm("CDC_occupancy", "Bad")
    told.pass_time(20)
    assert len(chat.messages) == 1
    told.shift.confirm("FCAL_occupancy", "Bad")
    told.channel.close()
    told.start()
    told.pass_time(20)
    assert [("FCAL" in title) for title in titles(chat)] == [False, True]


def test_what_stood_before_the_first_start_is_told_to_nobody(tmp_path, chat):
    made = Told(tmp_path, chat)
    made.shift.confirm("CDC_occupancy", "Bad")
    made.channel.close()
    with made.store._db.engine.begin() as connection:
        connection.exec_driver_sql("delete from service_status")
    made.start()
    made.pass_time(20)
    assert chat.messages == []
    made.channel.close()
    made.store.close()


def test_a_service_that_falls_silent_is_told_and_one_of_long_ago_is_not(told, chat, monkeypatch):
    told.store.heartbeat("ioc", "daq1", 7, "RUNNING", {})
    told.pass_time(20)
    assert chat.messages == []
    monkeypatch.setattr(notify_service, "SILENT_AFTER", notify_service.SILENT_AFTER * 0)
    told.pass_time(20)
    assert titles(chat) == [title for title in titles(chat) if "ioc service on daq1 has been silent" in title]
    assert len(chat.messages) == 1
    told.start()
    told.pass_time(20)
    assert len(chat.messages) == 1


def test_an_address_is_checked_at_the_start_and_its_secrets_are_not_told():
    with pytest.raises(ConfigError) as error:
        Target(3, Notice(url="nonsense://user:secret@example.org"))
    assert "notify[3] (nonsense)" in str(error.value) and "secret" not in str(error.value)


def test_the_commands(tmp_path, chat):
    files = HallFiles(tmp_path / "hall")
    files.write_yaml(notify=[{"url": chat.url}])
    assert "notify[0] (json): sent" in files.hydra("notify", "test").stdout
    chat.deaf = True
    assert "notify[0] (json)" in files.hydra("notify", "test", code=1).stderr
    files.write_yaml(notify=[])
    assert "notify:" in files.hydra("notify", "run", code=2).stderr


def test_the_process_tells_and_stops_when_told(tmp_path, chat):
    files = HallFiles(tmp_path / "hall")
    files.write_yaml(notify=[{"url": chat.url}])
    command = [sys.executable, "-m", "hydra_cli.main", "notify", "run", "-c", str(files.yaml)]
    with files.store() as store, subprocess.Popen(command, stderr=subprocess.PIPE, env=quiet()) as process:
        store.sync_plot_types(files.config.plot_types())
        shift = Shift(files.config, store.record, FileArchive(tmp_path / "images"))
        assert eventually(lambda: [one for one in store.services() if one.service == "notify"], 60)
        shift.confirm("ST_occupancy", "Bad")
        assert eventually(lambda: chat.messages, 60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert "ST occupancy is BAD" in titles(chat)[0]
