"""Writes entries into electronic log books: Phoebus Olog, Jefferson Lab's elog, or a directory of files.

Each `write` returns the address of the entry's page, or where the file is. It raises LogbookError, saying what the log
book answered, and never hangs longer than `TIMEOUT`.
"""

import base64
import http.client
import json
import os
import secrets
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit
from uuid import uuid4
from xml.etree import ElementTree

from hydra_core.config.database import read_password
from hydra_core.config.telling import Logbook as Settings
from hydra_core.errors import LogbookError

TIMEOUT = 15.0
"""Seconds that a log book may take for each step of an answer."""
MAX_TITLE = 255
MAX_ANSWER = 1 << 20


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that goes with an entry."""

    filename: str
    media_type: str
    data: bytes
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be entered. `body` is plain text; `link` is where Hydra shows the same."""

    title: str
    body: str
    author: str
    link: str
    at: datetime
    pictures: tuple[Picture, ...] = ()


class Logbook(Protocol):
    """Any log book."""

    def write(self, entry: Entry) -> str:
        """Enter something and return where it is. Raises LogbookError."""
        ...


def open_logbook(settings: Settings) -> Logbook:
    """Return the log book of a configuration; nothing is opened yet."""
    kinds: Mapping[str, Callable[[Settings], Logbook]] = {"olog": Olog, "jlab": JlabElog, "file": FileLogbook}
    return kinds[settings.kind](settings)


class Olog:
    """Phoebus Olog: one multipart PUT with the entry as JSON and its pictures, which the text shows."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def write(self, entry: Entry) -> str:
        """Enter something; Olog takes Hydra's own account for the owner, so the text names the author."""
        settings, ids = self._settings, [str(uuid4()) for _ in entry.pictures]
        shown = [f"![{p.caption}](attachment/{i})" for p, i in zip(entry.pictures, ids, strict=True)]
        link = f"[{entry.link}]({entry.link})"
        attached = [{"id": i, "filename": p.filename} for p, i in zip(entry.pictures, ids, strict=True)]
        record = {
            "owner": settings.user or entry.author,
            "title": entry.title[:MAX_TITLE],
            "description": "\n\n".join([entry.body, *shown, f"Entered by {entry.author} through Hydra: {link}"]),
            "level": settings.level,
            "logbooks": [{"name": name} for name in settings.logbooks],
            "tags": [{"name": name} for name in settings.tags],
            "attachments": attached,
        }
        content_type, body = _multipart(record, entry.pictures)
        url = f"{settings.url.rstrip('/')}/logs/multipart?markup=commonmark"
        headers = {"Content-Type": content_type, "Accept": "application/json", "X-Olog-Client-Info": "Hydra"}
        if settings.password_file is not None:
            pair = f"{settings.user}:{read_password(settings.password_file)}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        answer = _put(url, body, headers, _trust(settings))
        return self._page(answer)

    def _page(self, answer: bytes) -> str:
        try:
            number = int(json.loads(answer)["id"])
        except (ValueError, KeyError, TypeError) as error:
            raise LogbookError(
                f"{self._settings.url}: took the entry, but did not say its id: {answer[:200]!r}"
            ) from error
        pattern = self._settings.entry_url or f"{self._settings.url.rstrip('/')}/logs/{{id}}"
        return pattern.replace("{id}", str(number))


class JlabElog:
    """Jefferson Lab's elog: an XML document, PUT under a name of its own, with a client certificate."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def write(self, entry: Entry) -> str:
        """Enter something; the author is an entry maker, the certificate says who Hydra is."""
        settings = self._settings
        url = f"{settings.url.rstrip('/')}/{file_name(entry.at)}.xml"
        headers = {"Content-Type": "application/xml"}
        return self._page(_put(url, logentry_xml(entry, settings), headers, _trust(settings)))

    def _page(self, answer: bytes) -> str:
        try:
            said = ElementTree.fromstring(answer)
        except ElementTree.ParseError as error:
            raise LogbookError(f"{self._settings.url}: answered no XML: {answer[:200]!r}") from error
        number = (said.findtext("lognumber") or "").strip()
        if said.get("stat") != "ok" or not number.isdecimal():
            raise LogbookError(f"{self._settings.url}: refused the entry: {said.findtext('msg') or 'no reason given'}")
        parts = urlsplit(self._settings.url)
        pattern = self._settings.entry_url or f"{parts.scheme}://{parts.netloc}/entry/{{id}}"
        return pattern.replace("{id}", number)


class FileLogbook:
    """A directory: each entry is one XML file as the elog takes it, for another program to bring further."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def write(self, entry: Entry) -> str:
        """Write the file whole or not at all; returns its path."""
        folder = self._settings.path or Path()
        path = folder / f"{file_name(entry.at)}.xml"
        aside = path.with_suffix(".part")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            aside.write_bytes(logentry_xml(entry, self._settings))
            aside.rename(path)
        except OSError as error:
            raise LogbookError(f"{folder}: the log-book entry cannot be written: {error}") from error
        return str(path)


def file_name(at: datetime) -> str:
    """Return a name that no other entry has: time, process, host and chance, as the elog wants it."""
    host = "".join(c for c in socket.gethostname() if c.isalnum() or c in ".-") or "unknown"
    return f"{at.astimezone(UTC):%Y_%m_%d_%H%M%S}_{os.getpid()}_{host}_{secrets.randbelow(10**6)}"


def logentry_xml(entry: Entry, settings: Settings) -> bytes:
    """Return the document of the elog (Logentry.xsd)."""
    root = ElementTree.Element("Logentry")
    _text(root, "created", entry.at.astimezone(UTC).isoformat(timespec="seconds"))
    _text(_text(root, "Author"), "username", entry.author)
    _text(root, "title", entry.title[:MAX_TITLE])
    _list(root, "Logbooks", "logbook", settings.logbooks)
    _list(root, "Tags", "tag", settings.tags)
    _text(_text(_text(root, "Entrymakers"), "Entrymaker"), "username", entry.author)
    _text(root, "body", f"{entry.body}\n\n{entry.link}").set("type", "text")
    attachments = _text(root, "Attachments") if entry.pictures else root
    for picture in entry.pictures:
        one = _text(attachments, "Attachment")
        _text(one, "caption", picture.caption)
        _text(one, "filename", picture.filename)
        _text(one, "type", picture.media_type)
        _text(one, "data", base64.b64encode(picture.data).decode()).set("encoding", "base64")
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _text(parent: ElementTree.Element, name: str, text: str | None = None) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, name)
    # Control characters are not allowed in XML, however they are written.
    element.text = None if text is None else "".join(c for c in text if c >= " " or c in "\n\t")
    return element


def _list(parent: ElementTree.Element, name: str, item: str, texts: tuple[str, ...]) -> None:
    if texts:
        place = _text(parent, name)
        for text in texts:
            _text(place, item, text)


def _multipart(record: Mapping[str, object], pictures: tuple[Picture, ...]) -> tuple[str, bytes]:
    """Return content type and body: the part "logEntry", then one part "files" for each picture in their order."""
    boundary = secrets.token_hex(24)
    parts = [_part('name="logEntry"', "application/json", json.dumps(record).encode())]
    parts += [_part(f'name="files"; filename="{p.filename}"', p.media_type, p.data) for p in pictures]
    mark = f"--{boundary}\r\n".encode()
    body = b"".join(mark + part for part in parts) + f"--{boundary}--\r\n".encode()
    return f"multipart/form-data; boundary={boundary}", body


def _part(disposition: str, media_type: str, data: bytes) -> bytes:
    return (
        f"Content-Disposition: form-data; {disposition}\r\nContent-Type: {media_type}\r\n\r\n".encode() + data + b"\r\n"
    )


def _trust(settings: Settings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
        if settings.certificate_file is not None:
            context.load_cert_chain(settings.certificate_file)
    except OSError as error:
        raise LogbookError(f"logbook: a certificate cannot be read: {error}") from error
    return context


def _put(url: str, body: bytes, headers: Mapping[str, str], trust: ssl.SSLContext) -> bytes:
    """Send it, following no redirection (it would carry the password along), and return the answer."""
    request = urllib.request.Request(url, data=body, headers=dict(headers), method="PUT")
    opener = urllib.request.build_opener(_NoRedirection, urllib.request.HTTPSHandler(context=trust))
    place = url.partition("?")[0]
    try:
        with opener.open(request, timeout=TIMEOUT) as response:
            answer: bytes = response.read(MAX_ANSWER)
            return answer
    except urllib.error.HTTPError as error:
        with error:
            said = error.read(500).decode(errors="replace").strip()
        raise LogbookError(f"{place}: refused the entry ({error.code} {error.reason}): {said}") from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise LogbookError(f"{place}: the log book cannot be reached: {reason}") from error


class _NoRedirection(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Let it count as refused."""
