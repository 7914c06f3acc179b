"""Puts by PVAccess go the way of Channel Access puts: the same hooks, rules and logs."""

from collections.abc import Callable
from typing import Any

import pytest
from p4p.client.thread import RemoteError
from support.ca import CaClient, eventually
from support.pva import pva_client

from hydra_ioc.ca import PutContext, PutDone, PutRefused, Rights


class OnlyExperts:
    """Rules under which the group EXPERT may be written, and CLASS of a plot not be read."""

    def rights(self, group: str, level: int, who: PutContext) -> Rights:
        return Rights(read=group != "OPERATOR", write=group == "EXPERT", trapped=True)


def test_a_put_reaches_the_hook_and_both_kinds_of_client(both: Any, pva: Any, ca: CaClient) -> None:
    asked: list[tuple[object, PutContext]] = []

    def hook(value: object, who: PutContext) -> object:
        asked.append((value, who))
        return 7.0

    both.plots["P0"]["MUTE"].on_put = hook
    name = both.name("P0", "MUTE")
    key = ca.monitor(name)
    pva.put(name, 12.5)
    assert [value for value, _ in asked] == [12.5]
    assert asked[0][1].ip == "127.0.0.1" and asked[0][1].user
    assert ca.wait(key, value=7.0)[-1]["value"] == 7.0
    assert eventually(lambda: pva.get(name)["value"] == 7.0)


@pytest.mark.parametrize(("suffix", "value"), [("ENABLE", "Enabled"), ("MODE", 2), ("MUTEWHY", "beam study")])
def test_states_and_texts_can_be_put(both: Any, pva: Any, suffix: str, value: object) -> None:
    pva.put(both.name("P0", suffix), {"value.index": value} if suffix == "MODE" else value)
    kept = both.plots["P0"][suffix].value
    assert kept == {"ENABLE": 1, "MODE": 2, "MUTEWHY": "beam study"}[suffix]


def test_what_does_not_fit_or_is_not_allowed_changes_nothing_and_alarms_nothing(both: Any, pva: Any) -> None:
    def refuse(value: object, who: PutContext) -> object:
        raise PutRefused("not now")

    both.plots["P0"]["THRESH"].on_put = refuse
    both.post("P0", "MODE", 0)
    both.post("P0", "MUTE", 0.0)
    both.post("P0", "THRESH", 0.9)
    both.post("P0", "SCORE", 0.5)
    tried = [
        ("SCORE", 1.0, "read-only"),
        ("MODE", {"value.index": 9}, "there are 3"),
        ("MUTE", float("nan"), "finite"),
        ("MUTEWHY", "x" * 500, "too long"),
        ("THRESH", 0.5, "not now"),
        ("SCORES", [1.0], "array"),
    ]
    for suffix, value, why in tried:
        with pytest.raises(RemoteError, match=why):
            pva.put(both.name("P0", suffix), value)
    left = {suffix: both.plots["P0"][suffix].value for suffix in ("SCORE", "MODE", "MUTE", "THRESH")}
    assert left == {"SCORE": 0.5, "MODE": 0, "MUTE": 0.0, "THRESH": 0.9}
    assert all(both.plots["P0"][suffix].severity == 0 for suffix in left)


def test_access_rules_and_put_log_hold_for_pva(serve: Callable[..., Any]) -> None:
    logged: list[PutDone] = []
    both = serve(1, access=OnlyExperts(), on_put=logged.append)
    with pva_client(both.pva.port) as pva:
        pva.put(both.name("P0", "THRESH"), 0.5)
        assert [(one.pv, one.new, one.who.ip) for one in logged] == [(both.name("P0", "THRESH"), 0.5, "127.0.0.1")]
        with pytest.raises(TimeoutError):
            pva.get(both.name("P0", "MUTE"), timeout=1.0)
        with pytest.raises(RemoteError, match="read-only"):
            pva.put(both.name("P0", "SCORE"), 0.5)
