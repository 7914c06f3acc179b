"""EfficientNet-Lite0: ImageNet's weights come whole out of a PyTorch file that is read and never run."""

import pickle
import struct
from collections import OrderedDict
from pathlib import Path
from typing import Any

import keras
import matplotlib
import numpy as np
import pytest
from PIL import Image

from hydra_core.errors import ModelError
from hydra_ml import lite0
from hydra_ml.architectures import build
from hydra_ml.torch_file import MAGIC, read_tensors

UNIFORM = 652
"""ImageNet's "military uniform"."""


class Storage:
    """Stands for a storage of PyTorch: pickled as a persistent id."""

    def __init__(self, kind: str, key: str) -> None:
        self.id = ("storage", Asked("torch", kind), key, "cpu", 4, None)


class Asked:
    """Pickles as a global name, as PyTorch's classes do."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name


class Writer(pickle._Pickler):  # type: ignore[name-defined,misc]  # the one in C cannot write made-up global names
    """Writes what PyTorch writes."""

    def persistent_id(self, obj: Any) -> Any:
        return obj.id if isinstance(obj, Storage) else None

    def save(self, obj: Any, save_persistent_id: bool = True) -> None:
        if isinstance(obj, Asked):
            self.write(b"c" + f"{obj.module}\n{obj.name}\n".encode())
        elif isinstance(obj, Call):
            self.save(obj.what)
            self.save(obj.arguments)
            self.write(pickle.REDUCE)
        else:
            super().save(obj, save_persistent_id)


class Call:
    """Pickles as a call."""

    def __init__(self, what: Asked, *arguments: Any) -> None:
        self.what, self.arguments = what, arguments


def tensor(key: str, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], kind: str = "FloatStorage") -> Call:
    rebuild = Asked("torch._utils", "_rebuild_tensor_v2")
    return Call(rebuild, Storage(kind, key), offset, shape, strides, False, OrderedDict())


def write(path: Path, tensors: dict[str, Any], storages: dict[str, np.ndarray], magic: int = MAGIC) -> Path:
    with path.open("wb") as file:
        for part in (magic, 1001, {"little_endian": True}, tensors, list(storages)):
            Writer(file, 2).dump(part)
        for values in storages.values():
            file.write(struct.pack("<q", len(values)) + values.tobytes())
    return path


def test_tensors_are_read_with_their_strides(tmp_path: Path) -> None:
    storages = {"a": np.arange(12, dtype="<f4"), "b": np.array([7], "<i8")}
    tensors = {
        "plain": tensor("a", 0, (3, 4), (4, 1)),
        "turned": tensor("a", 2, (2, 3), (1, 4)),
        "count": tensor("b", 0, (), (), "LongStorage"),
    }
    found = read_tensors(write(tmp_path / "w.pth", tensors, storages))
    np.testing.assert_array_equal(found["plain"], np.arange(12).reshape(3, 4))
    np.testing.assert_array_equal(found["turned"], [[2, 6, 10], [3, 7, 11]])
    assert found["count"] == 7 and found["plain"].flags.writeable


@pytest.mark.parametrize(
    ("module", "name"), [("os", "system"), ("builtins", "eval"), ("torch", "load"), ("torch.hub", "load")]
)
def test_a_file_that_asks_for_code_is_refused_and_nothing_runs(tmp_path: Path, module: str, name: str) -> None:
    witness = tmp_path / "ran"
    evil = {"w": Call(Asked(module, name), f"touch {witness}" if name == "system" else f"open({str(witness)!r}, 'w')")}
    with pytest.raises(ModelError, match=rf"asks for {module}\.{name}"):
        read_tensors(write(tmp_path / "w.pth", evil, {}))
    assert not witness.exists()


@pytest.mark.parametrize(
    "outside",
    [tensor("a", 0, (5,), (1,)), tensor("a", 3, (2,), (1,)), tensor("a", -1, (1,), (1,)), tensor("a", 3, (2,), (-1,))],
)
def test_a_tensor_outside_its_storage_is_refused(tmp_path: Path, outside: Call) -> None:
    with pytest.raises(ModelError, match="outside its storage"):
        read_tensors(write(tmp_path / "w.pth", {"w": outside}, {"a": np.zeros(4, "<f4")}))


def test_other_files_are_refused_in_words(tmp_path: Path) -> None:
    values = {"a": np.zeros(4, "<f4")}
    whole = write(tmp_path / "w.pth", {"w": tensor("a", 0, (4,), (1,))}, values)
    short = tmp_path / "short.pth"
    short.write_bytes(whole.read_bytes()[:-3])
    with pytest.raises(ModelError, match="ends early"):
        read_tensors(short)
    with pytest.raises(ModelError, match=r"before 1\.6"):
        read_tensors(write(tmp_path / "m.pth", {}, {}, magic=1))
    (tmp_path / "text").write_text("weights")
    with pytest.raises(ModelError, match="cannot be read"):
        read_tensors(tmp_path / "text")


def test_it_knows_what_a_photograph_shows() -> None:
    inputs = keras.Input((lite0.INPUT_SIZE, lite0.INPUT_SIZE, 3))
    maps = lite0.lite0_body(keras.layers.Rescaling(1 / 127.5, offset=-1.0)(inputs))
    model = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(maps))
    lite0.load_weights(model)
    # The photograph comes with matplotlib: Grace Hopper in uniform.
    with Image.open(Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg") as photograph:
        side = min(photograph.size)
        square = photograph.convert("RGB").crop((0, 0, side, side)).resize((lite0.INPUT_SIZE,) * 2)
    arrays = lite0._package_arrays()
    logits = model(np.asarray(square, np.float32)[None]).numpy()[0] @ arrays["_fc.weight"].T + arrays["_fc.bias"]
    assert int(np.argmax(logits)) == UNIFORM


def test_without_its_package_or_with_another_file_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lite0, "PACKAGE", "hydra_no_such_package")
    with pytest.raises(ModelError, match=r"hydra-monitoring\[imagenet\]"):
        build("efficientnet_lite0", 64, 2)
    other = tmp_path / "hydra_other_weights"
    (other / "models").mkdir(parents=True)
    (other / "__init__.py").write_text("raise RuntimeError('never imported')\n")
    (other / lite0.FILE).write_bytes(b"other")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(lite0, "PACKAGE", other.name)
    with pytest.raises(ModelError, match="not the known one"):
        build("efficientnet_lite0", 64, 2)
