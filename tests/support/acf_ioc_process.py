"""The reference for access rules and expressions: a C IOC. First line of stdin: JSON of prefix, acf, groups, calcs.

Serves ``PREFIX:GROUP`` (ao with that ASG) and ``PREFIX:MODE`` for rules to look at, and ``PREFIX:CALCn`` records that
are computed once from fixed inputs.
"""

import ctypes
import json
import sys

from epicscorelibs.path import get_lib
from softioc import asyncio_dispatcher, builder, imports, softioc


def main() -> None:
    told = json.loads(sys.stdin.readline())
    builder.SetDeviceName(told["prefix"])
    builder.aOut("MODE", initial_value=0, ASG="FREE")
    for group in told["groups"]:
        builder.aOut(f"PV_{group}", initial_value=0, ASG=group)
    for number, (expression, inputs) in enumerate(told["calcs"]):
        fields = {f"INP{letter}": str(value) for letter, value in inputs.items()}
        builder.records.calc(f"CALC{number}", CALC=expression, PINI="YES", PREC=6, **fields)
    builder.LoadDatabase()
    if told["acf"]:
        ctypes.c_int.in_dll(ctypes.CDLL(get_lib("Com")), "asCheckClientIP").value = 1
        imports.install_pv_logging(told["acf"])
    softioc.iocInit(asyncio_dispatcher.AsyncioDispatcher())
    print("READY", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
