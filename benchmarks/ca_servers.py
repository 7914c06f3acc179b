"""The servers that benchmarks/ca.py compares, each in its process: `python ca_servers.py KIND PORT PVS`.

Serves B:0 ... B:(PVS-1) and B:PING. For every line ``RATE SECONDS`` on stdin it adds one to PV after PV, RATE times a
second in bursts every 10 ms, and prints the rate that it reached and the counter that every PV has reached.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

BURST = 0.01
Post = Callable[[int, float], Awaitable[None]]


def memory() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def bursts(rate: float, seconds: float, pvs: int, counter: int) -> Iterator[tuple[float, list[tuple[int, float]]]]:
    """Yield when each burst is due and its (PV, value), whole rounds over all PVs in the end."""
    total = max(1, round(rate * seconds / pvs)) * pvs
    sent, number = 0, 0
    while sent < total:
        number += 1
        until = min(total, round(rate * BURST * number))
        yield number * BURST, [(i % pvs, float(counter + i // pvs + 1)) for i in range(sent, until)]
        sent = until


async def answer_lines(post: Post, pvs: int) -> None:
    """Do what stdin says until it ends."""
    loop = asyncio.get_running_loop()
    counter = 0
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        if line.strip() == "memory":
            print(json.dumps({"rss": memory()}), flush=True)
            continue
        rate, seconds = (float(part) for part in line.split())
        start, posted = time.monotonic(), 0
        for due, burst in bursts(rate, seconds, pvs, counter):
            for index, value in burst:
                await post(index, value)
            posted += len(burst)
            await asyncio.sleep(max(0.0, start + due - time.monotonic()))
        counter += posted // pvs
        print(json.dumps({"rate": posted / (time.monotonic() - start), "counter": counter}), flush=True)


async def ours(port: int, pvs: int, before: float) -> None:
    from hydra_core.pvs import Kind, PvSpec
    from hydra_ioc.ca import CaServer, make_record

    records = [make_record(f"B:{i}", PvSpec("x", Kind.AI, "counter", units="mm", precision=3)) for i in range(pvs)]
    ping = make_record("B:PING", PvSpec("PING", Kind.AO, "ping", writable="operator"))
    await CaServer([*records, ping], interfaces=["127.0.0.1"], port=port).start()

    async def post(index: int, value: float) -> None:
        records[index].post(value)

    print(json.dumps({"before": before}), flush=True)
    await answer_lines(post, pvs)


async def infers(port: int, pvs: int, before: float) -> None:
    """Ours, with TensorFlow judging pictures in a thread of the same process all the time, as in the IOC."""
    import threading

    import numpy as np
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    sizes = [(3, 32), (32, 64), (64, 64)]
    kernels = [tf.constant(np.random.default_rng(7).normal(0, 0.1, (3, 3, *size)), tf.float32) for size in sizes]

    @tf.function
    def judge(pictures: tf.Tensor) -> tf.Tensor:
        for kernel in kernels:
            pictures = tf.nn.relu(tf.nn.conv2d(pictures, kernel, 2, "SAME"))
        return tf.reduce_mean(pictures, (1, 2))

    picture = tf.zeros((1, 299, 299, 3))
    judge(picture)

    def always() -> None:
        while True:
            judge(picture)

    threading.Thread(target=always, daemon=True).start()
    await ours(port, pvs, before)


async def caproto(port: int, pvs: int, before: float) -> None:
    from caproto import ChannelDouble
    from caproto.asyncio.server import Context

    channels = {f"B:{i}": ChannelDouble(value=0.0, units="mm", precision=3) for i in range(pvs)}
    context = Context(channels | {"B:PING": ChannelDouble(value=0.0)}, ["127.0.0.1"])
    running = asyncio.get_running_loop().create_task(context.run())

    async def post(index: int, value: float) -> None:
        await channels[f"B:{index}"].write(value)

    await asyncio.sleep(0.5)
    print(json.dumps({"before": before}), flush=True)
    await answer_lines(post, pvs)
    running.cancel()


async def soft_ioc(port: int, pvs: int, before: float) -> None:
    from softioc import asyncio_dispatcher, builder, softioc

    builder.SetDeviceName("B")
    records = [builder.aIn(str(i), EGU="mm", PREC=3, initial_value=0) for i in range(pvs)]
    builder.aOut("PING", initial_value=0)
    builder.LoadDatabase()
    softioc.iocInit(asyncio_dispatcher.AsyncioDispatcher())

    async def post(index: int, value: float) -> None:
        records[index].set(value)

    print(json.dumps({"before": before}), flush=True)
    await answer_lines(post, pvs)


if __name__ == "__main__":
    KINDS = {"ours": ours, "infers": infers, "caproto": caproto, "softioc": soft_ioc}
    asyncio.run(KINDS[sys.argv[1]](int(sys.argv[2]), int(sys.argv[3]), memory()))
