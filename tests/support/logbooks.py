"""Log-book servers on loopback that check what they get as the documented services do, and keep it."""

import base64
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

LOGBOOKS, TAGS, LEVELS = {"HDLOG", "Operations"}, {"Hydra"}, {"Info", "Problem"}
USER, PASSWORD = "hydra", "a log book's word"


@dataclass
class Kept:
    """What a server took: entries as the service would show them; `refuse` makes it answer with that status."""

    url: str = ""
    entries: list[dict] = field(default_factory=list)
    refuse: int = 0
    redirect: str = ""


class RefusedError(Exception):
    """What the service does not take, with its HTTP status."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


def read_olog(path: str, headers, body: bytes) -> dict:
    """Return the entry of a request, by the rules of phoebus-olog's documentation; raises RefusedError."""
    parts = urlsplit(path)
    if parts.path != "/Olog/logs/multipart":
        raise RefusedError(404, parts.path)
    if headers.get("Authorization") != "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode():
        raise RefusedError(401, "who is it?")
    if not headers["Content-Type"].startswith("multipart/form-data; boundary="):
        raise RefusedError(415, headers["Content-Type"])
    message = BytesParser(policy=HTTP).parsebytes(
        b"Content-Type: " + headers["Content-Type"].encode() + b"\r\n\r\n" + body
    )
    named = [(part.get_param("name", header="Content-Disposition"), part) for part in message.iter_parts()]
    described = [part for name, part in named if name == "logEntry"]
    files = [part for name, part in named if name == "files"]
    if len(described) != 1 or len(described) + len(files) != len(named):
        raise RefusedError(400, f"parts {[name for name, _ in named]}")
    if described[0].get_content_type() != "application/json":
        raise RefusedError(415, "the log entry is not JSON")
    entry = json.loads(described[0].get_payload(decode=True))
    attached = entry.get("attachments", [])
    if [one["filename"] for one in attached] != [part.get_filename() for part in files]:
        raise RefusedError(400, "attachments and files differ")
    if len({one["id"] for one in attached}) != len(attached):
        raise RefusedError(400, "attachment ids are not unique")
    if not entry.get("title") or not entry.get("logbooks"):
        raise RefusedError(400, "no title or no logbook")
    if {one["name"] for one in entry["logbooks"]} - LOGBOOKS or {one["name"] for one in entry["tags"]} - TAGS:
        raise RefusedError(400, "an unknown logbook or tag")
    if entry["level"] not in LEVELS:
        raise RefusedError(400, "an unknown level")
    data = [(part.get_content_type(), part.get_payload(decode=True)) for part in files]
    return {**entry, "files": data, "markup": parse_qs(parts.query).get("markup")}


def read_elog(path: str, headers, body: bytes) -> dict:
    """Return the entry of a request, by the rules that jlog keeps; raises RefusedError."""
    if not re.fullmatch(r"/incoming/\d{4}_\d\d_\d\d_\d{6}_\d+_[A-Za-z0-9.-]+_\d+\.xml", path):
        raise RefusedError(404, path)
    root = ElementTree.fromstring(body)
    if root.tag != "Logentry" or not root.findtext("title") or len(root.findtext("title")) > 255:
        raise RefusedError(400, "no sound title")
    books = [one.text for one in root.findall("Logbooks/logbook")]
    if not books or set(books) - LOGBOOKS:
        raise RefusedError(400, f"unknown logbooks {books}")
    files = []
    for one in root.findall("Attachments/Attachment"):
        data = one.find("data")
        if data.get("encoding") != "base64" or not one.findtext("filename"):
            raise RefusedError(400, "an attachment that is none")
        files.append((one.findtext("type"), base64.b64decode(data.text, validate=True), one.findtext("filename")))
    return {
        "title": root.findtext("title"), "author": root.findtext("Author/username"), "body": root.findtext("body"),
        "type": root.find("body").get("type"), "created": root.findtext("created"), "logbooks": books, "files": files,
        "makers": [one.text for one in root.findall("Entrymakers/Entrymaker/username")],
    }  # fmt: skip


@contextmanager
def running_olog() -> Iterator[Kept]:
    """Serve Olog; an entry's id counts from 1."""
    with _serving(
        read_olog, lambda number: json.dumps({"id": number, "title": "…"}).encode(), lambda why: why.encode()
    ) as kept:
        kept.url += "/Olog"
        yield kept


@contextmanager
def running_elog() -> Iterator[Kept]:
    """Serve Jefferson Lab's elog, which refuses with status 200 and says so in its XML."""

    def took(number: int) -> bytes:
        number += 3900000
        return f'<Response stat="ok"><msg>ok</msg><lognumber>{number}</lognumber></Response>'.encode()

    with _serving(
        read_elog, took, lambda why: f'<Response stat="fail"><msg>{why}</msg></Response>'.encode(), True
    ) as kept:
        kept.url += "/incoming"
        yield kept


@contextmanager
def _serving(read, took, refused, always_200: bool = False) -> Iterator[Kept]:
    kept = Kept()

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            """Take an entry."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                if kept.refuse:
                    raise RefusedError(kept.refuse, "not now")
                kept.entries.append(read(self.path, self.headers, body))
                status, answer = 200, took(len(kept.entries))
            except RefusedError as error:
                status, answer = 200 if always_200 and not kept.refuse else error.status, refused(str(error))
            self.send_response(status)
            if kept.redirect:
                self.send_header("Location", kept.redirect)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, name="logbook")
    thread.start()
    kept.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
