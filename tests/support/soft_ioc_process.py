"""The reference: a C IOC (pythonSoftIOC) that serves the records it is told of and processes them as it is told.

First line of stdin: JSON list of [suffix, kind, fields, states]. Then a JSON [suffix, value, severity, status] a line.
"""

import json
import sys
from typing import Any

import numpy as np
from softioc import asyncio_dispatcher, builder, softioc


def build(suffix: str, kind: str, fields: dict[str, Any], states: list[str]) -> Any:
    if kind == "waveform":
        return builder.WaveformIn(suffix, **fields)
    make = {
        "ai": builder.aIn,
        "longin": builder.longIn,
        "mbbi": builder.mbbIn,
        "bi": builder.boolIn,
        "stringin": builder.stringIn,
        "ao": builder.aOut,
        "bo": builder.boolOut,
    }[kind]
    return make(suffix, *states, **fields)


def main() -> None:
    prefix, records = json.loads(sys.stdin.readline())
    builder.SetDeviceName(prefix)
    made = {suffix: build(suffix, kind, fields, states) for suffix, kind, fields, states in records}
    builder.LoadDatabase()
    softioc.iocInit(asyncio_dispatcher.AsyncioDispatcher())
    print("READY", flush=True)
    for line in sys.stdin:
        suffix, value, severity, status = json.loads(line)
        value = np.array(value) if isinstance(value, list) else value
        made[suffix].set(value, severity=severity, alarm=status)
        print("DONE", flush=True)


if __name__ == "__main__":
    main()
