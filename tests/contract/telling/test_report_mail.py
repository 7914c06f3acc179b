"""`hydra report shift`: printed, as JSON, and mailed through a real SMTP server on loopback."""

import email
import email.policy
import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from aiosmtpd.controller import Controller
from support.hall import Hall

from hydra_core.config.telling import Mail
from hydra_core.errors import NoticeError
from hydra_core.mail import send


class Postbox:
    """Takes mail, but not for `refused`."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], email.message.EmailMessage]] = []
        self.refused: set[str] = set()

    async def handle_RCPT(self, server, session, envelope, address, options) -> str:  # noqa: N802 (aiosmtpd calls it so)
        """Take a recipient or not."""
        if address in self.refused:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802
        """Keep a mail."""
        self.mails.append((envelope.rcpt_tos, email.message_from_bytes(envelope.content, policy=email.policy.default)))
        return "250 OK"


@pytest.fixture
def post() -> Iterator[tuple[Postbox, int]]:
    box = Postbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    controller.stop()


def settings(port: int, **changes: object) -> Mail:
    return Mail(server="127.0.0.1", port=port, sender="hydra@example.org", **changes)


def test_a_mail_arrives_once_for_each_in_words_and_as_a_page(post):
    box, port = post
    send(settings(port), ["a@example.org", "b@example.org"], "Hydra: 2 alarms in Grün", "text ä", "<p>page</p>")
    assert [to for to, _ in box.mails] == [["a@example.org"], ["b@example.org"]]
    message = box.mails[0][1]
    assert (message["Subject"], message["To"]) == ("Hydra: 2 alarms in Grün", "a@example.org")
    assert message.get_body(("plain",)).get_content().splitlines() == ["text ä"]
    assert message.get_body(("html",)).get_content().splitlines() == ["<p>page</p>"]


def test_one_address_that_is_refused_keeps_no_mail_from_the_others(post):
    box, port = post
    box.refused.add("gone@example.org")
    with pytest.raises(NoticeError, match=r"gone@example\.org.*no such user"):
        send(settings(port), ["gone@example.org", "b@example.org"], "s", "t")
    assert [to for to, _ in box.mails] == [["b@example.org"]]


def test_a_server_that_is_away_or_knows_no_tls_is_said(post):
    _, port = post
    with pytest.raises(NoticeError, match="STARTTLS"):
        send(settings(port, security="start_tls"), ["a@example.org"], "s", "t")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        free = closed.getsockname()[1]
    with pytest.raises(NoticeError, match="refused"):
        send(settings(free), ["a@example.org"], "s", "t")


@pytest.fixture
def hall(tmp_path, post):
    _, port = post
    made = Hall(tmp_path / "hall")
    mail = {"server": "127.0.0.1", "port": port, "sender": "hydra@example.org", "reports_to": ["rc@example.org"]}
    made.write_yaml(mail=mail)
    with made.store() as store:
        store.ask_for_report("bob", "bob@example.org")
        store.audit("eve", "enable", "ST_occupancy", {"value": "True"}, {"value": "False"})
    return made


def test_the_report_goes_to_those_who_asked_and_those_in_the_configuration(hall, post):
    done = hall.hydra("report", "shift", "--mail")
    assert done.stdout.strip() == "sent to 2 addresses"
    box, _ = post
    assert sorted(to for (to,), _ in box.mails) == ["bob@example.org", "rc@example.org"]
    message = box.mails[0][1]
    assert message["Subject"].strip().startswith("Hydra test: no alarm, ")
    for part in ("plain", "html"):
        assert "eve: ST_occupancy switched off" in message.get_body((part,)).get_content()
    assert f"{hall.config.web.base_url}/reports/shift?from=" in message.get_body(("plain",)).get_content()


def test_the_report_is_printed(hall):
    text = hall.hydra("report", "shift").stdout
    assert "ST_occupancy switched off" in text and "Alarms raised          0" in text
    report = json.loads(hall.hydra("report", "shift", "--json").stdout)
    since, until = (datetime.fromisoformat(report[name]) for name in ("since", "until"))
    assert until - since == timedelta(days=1) and abs(datetime.now(UTC) - until) < timedelta(minutes=5)


def test_what_cannot_be_done_is_said(hall):
    assert "is no day" in hall.hydra("report", "shift", "--from", "then", code=2).stderr
    assert "before" in hall.hydra("report", "shift", "--from", "2026-11-25", "--to", "2026-11-23", code=2).stderr
    kept = yaml.safe_load(hall.yaml.read_text())
    del kept["mail"]
    hall.yaml.write_text(yaml.safe_dump(kept))
    assert "mail:" in hall.hydra("report", "shift", "--mail", code=2).stderr
