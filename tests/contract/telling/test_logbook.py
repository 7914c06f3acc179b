"""Log-book entries against servers that check them as Olog and the elog do, and into a directory."""

from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from support.logbooks import PASSWORD, USER, running_elog, running_olog

from hydra_core.config.telling import Logbook
from hydra_core.errors import LogbookError
from hydra_core.logbook import Entry, Picture, open_logbook

PNG, HEAT = b"\x89PNG\r\n\x1a\n--\r\n\x00boundary\xff", b"\x89PNG\r\n\x1a\nheat"
ENTRY = Entry(
    title="CDC occupancy: Bad, run 120345",
    body='A dark sector <b>"ä" & ß</b>\x07\nsecond line',
    author="bob",
    link="https://hydra.example.org/episodes/CDC%40then",
    at=datetime(2026, 11, 24, 20, 5, 9, tzinfo=UTC),
    pictures=(Picture("plot.png", "image/png", PNG, "The plot"), Picture("heat.png", "image/png", HEAT, "Heat")),
)


@pytest.fixture
def olog():
    with running_olog() as kept:
        yield kept


@pytest.fixture
def elog():
    with running_elog() as kept:
        yield kept


def to_olog(kept, tmp_path, password=PASSWORD, **changes):
    secret = tmp_path / "olog.password"
    secret.touch(0o600)
    secret.write_text(password)
    keys = {"kind": "olog", "url": kept.url, "logbooks": ("HDLOG",), "user": USER, "password_file": secret}
    return open_logbook(Logbook(**{**keys, "tags": ("Hydra",), **changes}))


def test_olog_takes_an_entry_with_its_pictures(olog, tmp_path):
    url = to_olog(olog, tmp_path).write(ENTRY)
    assert url == f"{olog.url}/logs/1"
    (entry,) = olog.entries
    assert (entry["title"], entry["level"], entry["markup"]) == (ENTRY.title, "Info", ["commonmark"])
    assert entry["files"] == [("image/png", PNG), ("image/png", HEAT)]
    assert entry["logbooks"] == [{"name": "HDLOG"}] and entry["tags"] == [{"name": "Hydra"}]
    for picture in entry["attachments"]:
        assert f"(attachment/{picture['id']})" in entry["description"]
    assert ENTRY.body in entry["description"] and ENTRY.link in entry["description"]
    assert "Entered by bob" in entry["description"]


def test_an_entry_without_pictures_is_multipart_too(olog, tmp_path):
    page = "https://logs.example.org/?id={id}"
    url = to_olog(olog, tmp_path, entry_url=page).write(Entry("A", "B", "bob", "https://h", ENTRY.at))
    assert url == "https://logs.example.org/?id=1"
    assert olog.entries[0]["files"] == [] and olog.entries[0]["attachments"] == []


@pytest.mark.parametrize(
    ("changes", "why"),
    [({"logbooks": ("NONE",)}, "400.*unknown logbook"), ({"password": "wrong"}, "401"), ({"level": "Loud"}, "level")],
)
def test_what_olog_refuses_is_said(olog, tmp_path, changes, why):
    with pytest.raises(LogbookError, match=why):
        to_olog(olog, tmp_path, **changes).write(ENTRY)
    assert olog.entries == []


@pytest.mark.parametrize("status", [413, 500, 302])
def test_a_server_in_trouble_is_said_and_no_password_follows_a_redirection(olog, elog, tmp_path, status):
    olog.refuse, olog.redirect = status, elog.url if status == 302 else ""
    with pytest.raises(LogbookError, match=str(status)):
        to_olog(olog, tmp_path).write(ENTRY)
    assert elog.entries == []


def test_the_elog_takes_an_entry_with_its_pictures(elog):
    url = open_logbook(Logbook(kind="jlab", url=elog.url, logbooks=("HDLOG",))).write(ENTRY)
    assert url == f"{elog.url.removesuffix('/incoming')}/entry/3900001"
    (entry,) = elog.entries
    assert (entry["title"], entry["author"], entry["makers"]) == (ENTRY.title, "bob", ["bob"])
    assert entry["body"] == f"{ENTRY.body}\n\n{ENTRY.link}".replace("\x07", "")
    assert (entry["type"], entry["created"]) == ("text", "2026-11-24T20:05:09+00:00")
    assert entry["files"] == [("image/png", PNG, "plot.png"), ("image/png", HEAT, "heat.png")]


def test_the_elog_says_no_in_its_answer(elog):
    with pytest.raises(LogbookError, match="unknown logbooks"):
        open_logbook(Logbook(kind="jlab", url=elog.url, logbooks=("NONE",))).write(ENTRY)


def test_a_log_book_that_is_away_is_said():
    with running_elog() as gone:
        pass
    with pytest.raises(LogbookError, match="cannot be reached"):
        open_logbook(Logbook(kind="jlab", url=gone.url, logbooks=("HDLOG",))).write(ENTRY)


def test_a_directory_gets_whole_files_only(tmp_path):
    book = open_logbook(Logbook(kind="file", path=tmp_path / "entries", logbooks=("HDLOG",)))
    where = [book.write(ENTRY), book.write(ENTRY)]
    assert sorted(str(path) for path in (tmp_path / "entries").iterdir()) == sorted(where)
    root = ElementTree.fromstring((tmp_path / "entries").joinpath(where[0]).read_bytes())
    assert root.findtext("title") == ENTRY.title


def test_a_directory_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(LogbookError, match="cannot be written"):
        open_logbook(Logbook(kind="file", path=tmp_path / "file", logbooks=("HDLOG",))).write(ENTRY)
