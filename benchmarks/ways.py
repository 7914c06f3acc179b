"""The ways of running one network that `predict.py` compares: ours and its peers, each in a process of its own.

`python benchmarks/ways.py WAY ARCHITECTURE THREADS REPEATS` prints one JSON object: milliseconds of batch 1 (median and
least) and pictures a second of batch 8, or why that way cannot be run here.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import untrained

Run = Callable[[Any], Any]
Way = Callable[[Any, int], Run]
"""Takes a Keras model and a number of threads; what it returns takes uint8 pictures (n, side, side, 3)."""


class NotHereError(Exception):
    """A peer that cannot be run, and why."""


def need(module: str) -> Any:
    """Import a peer; raises NotHereError where it is not installed."""
    if find_spec(module) is None:
        raise NotHereError("not installed")
    from importlib import import_module

    return import_module(module)


def original(model: Any, threads: int) -> Run:
    """Predict, then for every plot a new gradient model and an eager tape: what the original does for its heat map."""
    import keras
    import tensorflow as tf

    def run(pictures: Any) -> Any:
        found = []
        for picture in pictures[:, None].astype(np.float32):
            scores = model.predict(picture, verbose=0)
            gradient_model = keras.Model(model.input, [_last_maps(model), model.output])
            with tf.GradientTape() as tape:
                maps, said = gradient_model(picture)
                top = said[:, int(scores[0].argmax())]
            weights = tf.reduce_mean(tape.gradient(top, maps), axis=(0, 1, 2))
            found.append((scores, tf.nn.relu(maps[0] @ weights[:, None]).numpy()))
        return found

    return run


def _last_maps(model: Any) -> Any:
    into = model.layers[-2].input
    return into[-1] if isinstance(into, list) else into


def keras_predict(model: Any, threads: int) -> Run:
    """Keras' own `predict`: scores only."""
    return lambda pictures: model.predict(pictures.astype(np.float32), verbose=0)


def tf_function(model: Any, threads: int) -> Run:
    """One compiled function: scores only."""
    forward = _forward(model)
    return lambda pictures: forward(pictures).numpy()


def onnx_runtime(model: Any, threads: int) -> Run:
    """ONNX Runtime, float32: scores only."""
    runtime = need("onnxruntime")
    converted = need("tf2onnx.convert") if find_spec("tf2onnx") else need("tf2onnx")
    import tensorflow as tf

    signature = [tf.TensorSpec((None, *model.input_shape[1:]), tf.uint8, name="pictures")]
    function = tf.function(lambda x: model(tf.cast(x, tf.float32), training=False), input_signature=signature)
    proto, _ = converted.from_function(function, input_signature=signature, opset=17)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    session = runtime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda pictures: session.run(None, {name: pictures})


def litert(model: Any, threads: int) -> Run:
    """LiteRT (TensorFlow Lite), float32: scores only."""
    interpreter = need("ai_edge_litert.interpreter") if find_spec("ai_edge_litert") else need("ai_edge_litert")
    import tensorflow as tf

    data = tf.lite.TFLiteConverter.from_concrete_functions([_forward(model)]).convert()
    made: dict[int, Any] = {}

    def run(pictures: Any) -> Any:
        count = len(pictures)
        if count not in made:
            made[count] = interpreter.Interpreter(model_content=data, num_threads=threads)
            made[count].resize_tensor_input(made[count].get_input_details()[0]["index"], pictures.shape)
            made[count].allocate_tensors()
        lite = made[count]
        lite.set_tensor(lite.get_input_details()[0]["index"], pictures)
        lite.invoke()
        return lite.get_tensor(lite.get_output_details()[0]["index"])

    return run


def openvino(precision: str) -> Way:
    """OpenVINO alone in a precision: scores only."""

    def way(model: Any, threads: int) -> Run:
        ov = need("openvino")
        converted = ov.convert_model(_forward(model))
        if precision == "int8":
            nncf = need("nncf")
            samples = [picture[None] for picture in untrained.pictures(64, model.input_shape[1])]
            converted = nncf.quantize(converted, nncf.Dataset(samples))
        hint = "f32" if precision == "int8" else precision
        options = {"INFERENCE_PRECISION_HINT": hint, "NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": threads}
        request = ov.Core().compile_model(converted, "CPU", options).create_infer_request()
        return lambda pictures: request.infer([pictures], share_inputs=True)[0]

    return way


def ours(engine: str) -> Way:
    """Hydra's classifier without decoding and resizing: scores, heat map and embedding."""

    def way(model: Any, threads: int) -> Run:
        import tempfile
        from pathlib import Path

        from hydra_ml.classifier import TensorFlowClassifier
        from hydra_ml.engines.shelf import Shelf

        if engine == "openvino":
            need("openvino")
        with tempfile.TemporaryDirectory() as folder:
            bundle = untrained.write(Path(folder), model, model.name)
            classifier = TensorFlowClassifier.load(bundle, threads, Shelf(engine))  # type: ignore[arg-type]
        plots = [untrained.plot(number=number) for number in range(8)]
        print(f"engine: {classifier.engine.name}", file=sys.stderr)
        return lambda pictures: classifier.judge(plots[: len(pictures)], pictures, classifier.engine(pictures))

    return way


WAYS: dict[str, tuple[str, Way]] = {
    "original": ("the original's way: predict, new gradient model, eager tape", original),
    "predict": ("Keras predict, scores only", keras_predict),
    "function": ("tf.function, scores only", tf_function),
    "onnx": ("ONNX Runtime float32, scores only", onnx_runtime),
    "litert": ("LiteRT float32, scores only", litert),
    "openvino-f32": ("OpenVINO float32, scores only", openvino("f32")),
    "openvino-bf16": ("OpenVINO bfloat16, scores only", openvino("bf16")),
    "openvino-int8": ("OpenVINO int8 (NNCF), scores only", openvino("int8")),
    "ours-float32": ("Hydra, TensorFlow float32: scores, heat map, embedding", ours("float32")),
    "ours-bfloat16": ("Hydra, TensorFlow bfloat16: scores, heat map, embedding", ours("bfloat16")),
    "ours-openvino": ("Hydra, OpenVINO: scores, heat map, embedding", ours("openvino")),
}


def _forward(model: Any) -> Any:
    import tensorflow as tf

    signature = [tf.TensorSpec((None, *model.input_shape[1:]), tf.uint8)]
    forward = tf.function(lambda x: model(tf.cast(x, tf.float32), training=False), input_signature=signature)
    return forward.get_concrete_function()


def timed(run: Run, pictures: Any, repeats: int) -> list[float]:
    """Return milliseconds of each call, sorted; two calls before do not count."""
    run(pictures)
    run(pictures)
    taken = []
    for _ in range(repeats):
        started = time.perf_counter()
        run(pictures)
        taken.append((time.perf_counter() - started) * 1e3)
    return sorted(taken)


def measure(way: str, architecture: str, threads: int, repeats: int) -> dict[str, Any]:
    """Measure one way in this process."""
    from hydra_ml.engines.threads import pin_threads

    pin_threads(threads)
    try:
        run = WAYS[way][1](untrained.network(architecture), threads)
    except NotHereError as reason:
        return {"way": way, "missing": str(reason)}
    side = untrained.SIDES[architecture]
    one = timed(run, untrained.pictures(1, side), repeats)
    eight = timed(run, untrained.pictures(8, side), max(2, repeats // 4))
    return {
        "way": way,
        "median_ms": round(one[len(one) // 2], 2),
        "least_ms": round(one[0], 2),
        "per_second": round(8e3 / eight[len(eight) // 2], 1),
        "most_per_second": round(8e3 / eight[0], 1),
        "resident_mib": round(untrained.resident()),
    }


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    print(json.dumps(measure(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))), flush=True)
    # OpenVINO's and TensorFlow's thread pools do not always agree on who ends first.
    os._exit(0)
