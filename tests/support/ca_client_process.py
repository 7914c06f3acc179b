"""A libca client that does what it is told: JSON commands on stdin, JSON answers on stdout, one a line.

libca reads its environment once per process, so each IOC under test gets a client process of its own.
"""

import base64
import ctypes
import json
import sys
import threading
import time
from typing import Any

import numpy as np
from epics import ca, dbr

OUT = sys.stdout
sys.stdout = sys.stderr
CHIDS: dict[str, Any] = {}
EVENTS: dict[str, list[dict[str, Any]]] = {}
KEEP: dict[str, tuple[Any, ...]] = {}
LOCK = threading.Lock()


def plain(value: Any) -> Any:
    """Turn what pyepics gives into JSON; large arrays of bytes as base64, NaN stays NaN."""
    if isinstance(value, np.ndarray):
        if value.dtype == np.uint8 and value.size > 1000:
            return {"base64": base64.b64encode(value.tobytes()).decode()}
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, list | tuple | ctypes.Array):
        return [plain(item) for item in value]
    return value


def connect(names: list[str], timeout: float = 5.0) -> list[bool]:
    for name in names:
        if name not in CHIDS:
            CHIDS[name] = ca.create_channel(name, connect=False, auto_cb=False)
    ca.flush_io()
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline and not all(ca.isConnected(CHIDS[name]) for name in names):
        ca.poll(0.005, 0.5)
    return [bool(ca.isConnected(CHIDS[name])) for name in names]


def chid(name: str) -> Any:
    if connect([name]) != [True]:
        raise RuntimeError(f"{name} does not connect")
    return CHIDS[name]


def get(name: str, ftype: int | None = None, count: int = 0, timeout: float = 5.0) -> dict[str, Any] | None:
    try:
        data = ca.get_with_metadata(chid(name), ftype=ftype, count=count or None, timeout=timeout)
    except ca.ChannelAccessGetFailure as failure:
        return {"failed": failure.status}
    return None if data is None else {key: plain(value) for key, value in data.items()}


def info(name: str) -> dict[str, Any]:
    channel = chid(name)
    return {
        "type": ca.field_type(channel),
        "count": ca.element_count(channel),
        "access": ca.access(channel),
        "host": ca.host_name(channel),
    }


def put(name: str, value: Any, ftype: int | None = None, callback: bool = True, timeout: float = 5.0) -> int:
    """Put and return the ECA status: libca's own, or that of the put callback; -1 when it never comes."""
    channel = chid(name)
    ftype = ca.field_type(channel) if ftype is None else ftype
    values = value if isinstance(value, list) else [value]
    c_type = {0: ctypes.c_char * 40, 35: ctypes.c_ushort, 36: ctypes.c_ushort}.get(ftype) or dbr.Map[ftype]
    data = (c_type * len(values))()
    for index, item in enumerate(values):
        if ftype == 0:
            data[index].value = item.encode("utf-8")[:40]
        else:
            data[index] = item
    handle = dbr.chid_t(getattr(channel, "value", channel))
    if not callback:
        status = ca.libca.ca_array_put(ftype, len(values), handle, data)
        ca.flush_io()
        return int(status)
    done: list[int] = []
    function = ctypes.CFUNCTYPE(None, dbr.event_handler_args)(lambda args: done.append(args.status))
    KEEP[f"put{time.monotonic_ns()}"] = (function, data)
    status = ca.libca.ca_array_put_callback(ftype, len(values), handle, data, function, 0)
    if status != 1:
        return int(status)
    deadline = time.monotonic() + timeout
    while not done and time.monotonic() < deadline:
        ca.poll(0.002, 0.5)
    return done[0] if done else -1


def monitor(name: str, mask: int, key: str | None = None, ftype: int | None = None) -> None:
    key = key or f"{name}/{mask}"
    events = EVENTS.setdefault(key, [])

    def told(value: Any = None, status: int = 0, severity: int = 0, timestamp: float = 0.0, **_: Any) -> None:
        with LOCK:
            events.append({"value": plain(value), "status": status, "severity": severity, "time": timestamp})

    KEEP[key] = ca.create_subscription(chid(name), use_time=True, ftype=ftype, mask=mask, callback=told)
    ca.flush_io()


def unmonitor(key: str) -> None:
    ca.clear_subscription(KEEP.pop(key)[2])
    ca.flush_io()


def events(key: str, clear: bool = False) -> list[dict[str, Any]]:
    with LOCK:
        found = list(EVENTS[key])
        if clear:
            EVENTS[key].clear()
    return found


def wait(key: str, count: int = 1, value: Any = None, timeout: float = 5.0) -> list[dict[str, Any]]:
    """Return a subscription's events once there are `count` of them and the last has `value` (None: any)."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        found = events(key)
        if len(found) >= count and (value is None or (found and found[-1]["value"] == value)):
            return found
        ca.poll(0.002, 0.5)
    return events(key)


def rights(name: str, wanted: str | None = None, timeout: float = 5.0) -> list[str]:
    """Return what the access rights callback was told so far; with `wanted`, once that was the last (or not in time).

    The first call begins to listen; libca tells the present rights then.
    """
    key = f"rights/{name}"
    if key not in KEEP:
        told: list[str] = []
        words = ("no access", "read-only", "write-only", "read/write")
        function = ctypes.CFUNCTYPE(None, dbr.access_rights_handler_args)(
            lambda args: told.append(words[(args.access & 1) + 2 * (args.access >> 1 & 1)])
        )
        KEEP[key] = (function, told)
        channel = chid(name)
        ca.libca.ca_replace_access_rights_event(dbr.chid_t(getattr(channel, "value", channel)), function)
        ca.flush_io()
    told = KEEP[key][1]
    deadline = time.monotonic() + timeout
    while wanted is not None and told[-1:] != [wanted] and time.monotonic() < deadline:
        ca.poll(0.002, 0.5)
    return list(told)


def clear(names: list[str]) -> None:
    for name in names:
        ca.clear_channel(CHIDS.pop(name))
    ca.flush_io()


COMMANDS = {
    function.__name__: function
    for function in (connect, get, info, put, monitor, unmonitor, events, wait, rights, clear)
}


def main() -> None:
    ca.initialize_libca()
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"result": COMMANDS[request["do"]](**request["with"])}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=OUT, flush=True)


if __name__ == "__main__":
    main()
