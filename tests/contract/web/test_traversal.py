"""Three hundred ways to climb out of a directory: none leads to a file, and none upsets the server."""

import itertools
import socket
from urllib.parse import urlsplit

import pytest
from support.web_server import running_hall

UPS = ("../", "..\\", "..%2f", "..%5c", "%2e%2e/", "%2e%2e%2f", "..%252f", "%252e%252e/", "..%c0%af", "..%ef%bc%8f",
       "....//", "..;/", ".%00./", "%2e%2e%5c", "..//")  # fmt: skip
BASES = ("/static/", "/images/", "/thumbs/", "/heatmaps/", "/p/", "/t/", "/label/", "/models/", "/v/", "/")
TARGETS = ("etc/passwd", "hall.yaml", "data/hydra.sqlite3")
ATTEMPTS = [base + up * 8 + target for base, up, target in itertools.product(BASES, UPS, TARGETS)]
ABSOLUTE = ["/images//etc/passwd", "/static//etc/passwd", "/static/%2fetc/passwd", "/images/file:///etc/passwd",
            "//etc/passwd", "/static/C:\\windows\\win.ini", "/static/\\\\host\\share", "/images/" + "A" * 5000,
            "/static/hydra.css%00.png", "/static/.", "/static/..",
            "/images/" + "0" * 64 + "/../../../etc/passwd"]  # fmt: skip
SECRETS = (b"root:", b"SQLite format", b"deployment:", b"HYDRA:TEST")


@pytest.fixture(scope="module")
def hall(tmp_path_factory):
    folder = tmp_path_factory.mktemp("climb")
    (folder / "hall.yaml").write_text("deployment: secret\n")
    with running_hall(folder) as made:
        made.shift.judge("CDC_occupancy", "Good")
        yield made


def raw(hall, path):
    """Send a path just as it is written: every client of Python tidies it first."""
    place = urlsplit(hall.url)
    with socket.create_connection((place.hostname, place.port), timeout=20) as line:
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: {place.netloc}\r\nConnection: close\r\n\r\n".encode("latin-1"))
        answer = b""
        while part := line.recv(65536):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def test_there_are_enough():
    assert len(set(ATTEMPTS + ABSOLUTE)) >= 300


@pytest.mark.parametrize("base", BASES)
def test_nobody_climbs_out(hall, base):
    for path in (one for one in ATTEMPTS if one.startswith(base) and (base != "/" or one[1] in ".%")):
        status, body = raw(hall, path)
        assert status in (400, 404, 405, 422), f"{path}: {status}"
        assert not any(secret in body for secret in SECRETS), path
        assert len(body) < 20_000


@pytest.mark.parametrize("path", ABSOLUTE)
def test_no_absolute_path_and_no_odd_one_leads_anywhere(hall, path):
    status, body = raw(hall, path)
    assert status in (400, 404, 405, 422), f"{path[:80]}: {status}"
    assert not any(secret in body for secret in SECRETS)


def test_the_right_path_still_does(hall):
    assert raw(hall, "/static/hydra.css")[0] == 200
