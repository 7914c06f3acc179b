"""From a page to the PVs and back: `hydra ioc run` and `hydra web run` as processes, between HTTP and libca."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import quote

import httpx
from support.ca import CaClient, eventually
from support.hall import PATIENCE, Hall, IocProcess, Trained, quiet
from support.screen import BAD, Screen, Shown

from hydra_core.domain import Condition, Severity, Status
from hydra_core.passwords import new_secret, secret_hash
from hydra_core.store.tokens import NewToken

TRIGGER = "Trigger-Bits"
MUTED = Shown(Status.BAD, Severity.NO_ALARM, Condition.NO_ALARM)


@contextmanager
def web(hall: Hall) -> Iterator[httpx.Client]:
    """Serve the hall's pages, to a program with a token."""
    token = new_secret()
    with hall.store() as store:
        store.add_token(NewToken("wall display", secret_hash(token), "labeler", None), "test")
    command = [sys.executable, "-m", "hydra_cli.main", "web", "run", "-c", str(hall.yaml)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=quiet())
    headers = {"Authorization": f"Bearer {token}"}
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{hall.web_port}", headers=headers, timeout=20) as client:
            assert eventually(lambda: answers(client), PATIENCE), "the web does not answer"
            yield client
    finally:
        process.kill()
        process.wait()


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


def wall(client: httpx.Client) -> dict:
    return next(one for one in client.get("/api/v1/status").json() if one["plot"] == TRIGGER)


def test_what_is_pressed_on_a_page_reaches_the_operators_and_the_wall(
    hall: Hall, trained: Trained, start: Callable[..., IocProcess], client: Callable[[Hall], CaClient]
) -> None:
    screen = Screen(hall, client(hall))
    start(hall).wait_ready()
    with web(hall) as http:
        for number in range(2):
            screen.judged(TRIGGER, trained.bank[TRIGGER]["Bad"][number])
        assert eventually(lambda: http.get("/api/v1/log").json()["incidents"], PATIENCE)
        path = f"/api/v1/plot-types/{TRIGGER}/mute"
        assert http.post(path, json={"minutes": 30, "reason": "board 7"}).status_code == 202
        screen.becomes(TRIGGER, MUTED)
        assert screen.text(TRIGGER, "MUTEWHY") == "board 7"
        assert eventually(lambda: wall(http)["muted_until"], PATIENCE)
        assert http.delete(path).status_code == 202
        screen.becomes(TRIGGER, BAD)
        assert eventually(lambda: wall(http)["muted_until"] is None, PATIENCE)

        uid = http.get("/api/v1/log").json()["incidents"][0]["uid"]
        assert http.post(f"/api/v1/episodes/{quote(uid, safe='')}/acknowledge").status_code == 200
        assert eventually(lambda: screen.label(TRIGGER, "ACK") == "Acknowledged", PATIENCE)

        screen.client.put(hall.pv(TRIGGER, "MUTE"), 5.0)
        assert eventually(lambda: wall(http)["muted_until"], PATIENCE)
