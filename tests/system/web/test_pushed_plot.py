"""One curl: a plot goes in by HTTP and comes out as a verdict, through both services as processes."""

import json
import subprocess
import sys

import httpx
from support.ca import eventually
from support.hall import PATIENCE, quiet
from support.stub_hall import StubHall, StubIoc, picture

from hydra_core.passwords import new_secret, secret_hash
from hydra_core.store.tokens import NewToken


def test_a_plot_that_curl_sends_is_judged(tmp_path):
    hall = StubHall(tmp_path / "hall", sources=[{"kind": "http"}])
    token, url = new_secret(), f"http://127.0.0.1:{hall.web_port}"
    with hall.store() as store:
        store.add_token(NewToken("feeder", secret_hash(token), "labeler", ("P0",)), "test")
    (tmp_path / "plot.png").write_bytes(picture("Bad"))
    command = [sys.executable, "-m", "hydra_cli.main", "web", "run", "-c", str(hall.yaml)]
    web = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=quiet())
    try:
        with StubIoc(hall) as ioc, hall.client() as client:
            ioc.wait_ready()
            assert eventually(lambda: _answers(url), PATIENCE)
            sent = _curl(f"{url}/api/v1/plots?plot_type=P0&run=42&chunk=7", token, str(tmp_path / "plot.png"))
            assert (sent["is_new"], sent["url"]) == (True, f"{url}/p/{sent['uid']}")
            page = f"{url}/api/v1/plots/{sent['uid']}"
            assert eventually(lambda: httpx.get(page).status_code == 200, PATIENCE), ioc.text()
            judged = httpx.get(page).json()
            assert (judged["plot"], judged["run"], judged["chunk"]) == ("P0", 42, 7)
            assert max(judged["judgements"][0]["scores"], key=lambda one: one["score"])["class"] == "Bad"
            assert client.value(hall.pv("P0", "RUN")) == 42
    finally:
        web.terminate()
        said, _ = web.communicate(timeout=PATIENCE)
    assert web.returncode == 0, said
    assert token not in said and token not in ioc.text()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz").status_code == 200
    except httpx.TransportError:
        return False


def _curl(url: str, token: str, file: str) -> dict[str, object]:
    words = ["curl", "-sS", "--fail", "-H", f"Authorization: Bearer {token}", "--data-binary", f"@{file}", url]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found
