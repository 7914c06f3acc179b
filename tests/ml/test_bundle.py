"""Damaged and hostile bundles: each refused with a message that names the file, and none runs code."""

import hashlib
import io
import json
import os
import pickle
import shutil
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from keras import Model, layers, saving
from support.lab import Lab

from hydra_core.domain import ModelRecord
from hydra_core.errors import ModelError
from hydra_ml.bundle import read_card, verify, write_bundle
from hydra_ml.classifier import TensorFlowClassifier

MEMBERS = ("metadata.json", "config.json", "model.weights.h5")


class Bundle:
    """A copy of a good bundle that a test may spoil; `seal` makes the card's hashes fit again, as an attacker would."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.canary = path.parent / "canary"

    @property
    def keras(self) -> Path:
        return self.path / "model.keras"

    def members(self) -> dict[str, bytes]:
        with zipfile.ZipFile(self.keras) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    def pack(self, members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> None:
        with zipfile.ZipFile(self.keras, "w", compression) as archive:
            for name, data in members.items():
                archive.writestr(name, data)
        self.seal()

    def config(self, change: Callable[[dict[str, Any]], None]) -> None:
        members = self.members()
        config = json.loads(members["config.json"])
        change(config)
        self.pack({**members, "config.json": json.dumps(config).encode()})

    def weights(self, change: Callable[[h5py.File], None]) -> None:
        members = self.members()
        buffer = io.BytesIO(members["model.weights.h5"])
        with h5py.File(buffer, "r+") as file:
            change(file)
        self.pack({**members, "model.weights.h5": buffer.getvalue()})

    def card(self, **changes: object) -> None:
        file = self.path / "card.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))

    def seal(self) -> None:
        files = json.loads((self.path / "card.json").read_text())["files"]
        files["model.keras"] = hashlib.sha256(self.keras.read_bytes()).hexdigest()
        self.card(files=files)


@pytest.fixture
def bundle(trained: tuple[Lab, ModelRecord], tmp_path: Path) -> Bundle:
    lab, record = trained
    shutil.copytree(lab.models / record.path, tmp_path / "v1")
    return Bundle(tmp_path / "v1")


class Touch:
    """Unpickling this makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.path}",)


def first_layer(model: dict[str, Any], **changes: Any) -> None:
    model["config"]["layers"][2].update(changes)


def lambda_layer(b: Bundle) -> None:
    code = f"__import__('pathlib').Path({str(b.canary)!r}).touch()"
    inputs = layers.Input((48, 48, 3))
    evil = layers.Lambda(eval("lambda x: (" + code + ", x)[1]"), output_shape=(48, 48, 3))(inputs)
    pooled = layers.GlobalAveragePooling2D()(evil)
    Model(inputs, layers.Dense(3, activation="softmax")(pooled)).save(b.keras)
    b.canary.unlink(missing_ok=True)
    b.seal()


def lambda_by_hand(b: Bundle) -> None:
    b.config(lambda c: first_layer(c, class_name="Lambda", config={"function": {"class_name": "__lambda__"}}))


def tfsm_layer(b: Bundle) -> None:
    b.config(lambda c: first_layer(c, class_name="TFSMLayer", config={"filepath": "/tmp/saved_model"}))


def foreign_module(b: Bundle) -> None:
    b.config(lambda c: first_layer(c, module="os"))


def custom_object(b: Bundle) -> None:
    b.config(lambda c: first_layer(c, registered_name="evil>Layer"))


def module_deep_inside(b: Bundle) -> None:
    b.config(lambda c: c["config"]["layers"][2]["config"].update(kernel_initializer={"module": "subprocess"}))


def function_activation(b: Bundle) -> None:
    b.config(lambda c: c["config"]["layers"][-1]["config"].update(activation={"class_name": "function"}))


def unknown_activation(b: Bundle) -> None:
    b.config(lambda c: c["config"]["layers"][-1]["config"].update(activation="os.system"))


def compiled(b: Bundle) -> None:
    b.config(lambda c: c.update(compile_config={"loss": "evil"}))


def sequential(b: Bundle) -> None:
    b.config(lambda c: c.update(class_name="Sequential"))


def no_softmax(b: Bundle) -> None:
    b.config(lambda c: c["config"]["layers"][-1]["config"].update(activation="linear"))


def four_outputs(b: Bundle) -> None:
    b.config(lambda c: c["config"]["layers"][-1]["config"].update(units=4))


def other_input(b: Bundle) -> None:
    b.config(lambda c: c["config"]["layers"][0]["config"].update(batch_shape=[None, 64, 64, 3]))


def no_layers(b: Bundle) -> None:
    b.config(lambda c: c["config"].update(layers=[]))


def deep_json(b: Bundle) -> None:
    b.pack({**b.members(), "config.json": b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"})


def config_is_a_list(b: Bundle) -> None:
    b.pack({**b.members(), "config.json": b"[]"})


def config_is_no_json(b: Bundle) -> None:
    b.pack({**b.members(), "config.json": b"{not json"})


def h5(b: Bundle) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        saving.load_model(b.keras).save(b.path / "model.h5")
    (b.path / "model.h5").replace(b.keras)
    b.seal()


def pickled(b: Bundle) -> None:
    b.keras.write_bytes(pickle.dumps(Touch(b.canary)))
    b.seal()


def pickle_member(b: Bundle) -> None:
    b.pack({**b.members(), "weights.pkl": pickle.dumps(Touch(b.canary))})


def traversal(b: Bundle) -> None:
    b.pack({**b.members(), "../../canary": b"x"})


def absolute(b: Bundle) -> None:
    b.pack({**b.members(), str(b.canary): b"x"})


def twice(b: Bundle) -> None:
    members = b.members()
    with zipfile.ZipFile(b.keras, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("config.json", members["config.json"])
    b.seal()


def bomb(b: Bundle) -> None:
    b.pack({**b.members(), "model.weights.h5": bytes(64 * 1024**2)}, zipfile.ZIP_DEFLATED)


def huge_metadata(b: Bundle) -> None:
    b.pack({**b.members(), "metadata.json": b'"' + os.urandom(80_000).hex().encode() + b'"'})


def no_weights(b: Bundle) -> None:
    b.pack({k: v for k, v in b.members().items() if k != "model.weights.h5"})


def weights_are_noise(b: Bundle) -> None:
    b.pack({**b.members(), "model.weights.h5": os.urandom(4096)})


def weights_cut(b: Bundle) -> None:
    members = b.members()
    b.pack({**members, "model.weights.h5": members["model.weights.h5"][: len(members["model.weights.h5"]) // 2]})


def external_link(b: Bundle) -> None:
    b.weights(lambda f: f.__setitem__("evil", h5py.ExternalLink("/etc/passwd", "/")))


def soft_link(b: Bundle) -> None:
    b.weights(lambda f: f.__setitem__("evil", h5py.SoftLink("/layers")))


def external_storage(b: Bundle) -> None:
    b.weights(lambda f: f.create_dataset("evil", (4,), "u1", external=[("/etc/passwd", 0, 4)]))


def object_weights(b: Bundle) -> None:
    b.weights(lambda f: f.create_dataset("evil", data=["code"], dtype=h5py.string_dtype()))


def h5_bomb(b: Bundle) -> None:
    b.weights(lambda f: f.create_dataset("evil", (1 << 32,), "f4", chunks=(1 << 20,), compression="gzip"))


def nan_weights(b: Bundle) -> None:
    def spoil(file: h5py.File) -> None:
        found: list[h5py.Dataset] = []
        file.visititems(lambda _, item: found.append(item) if isinstance(item, h5py.Dataset) and item.ndim else None)
        found[0][...] = np.full(found[0].shape, np.nan)

    b.weights(spoil)


def truncated(b: Bundle) -> None:
    b.keras.write_bytes(b.keras.read_bytes()[:-2000])
    b.seal()


def empty(b: Bundle) -> None:
    b.keras.write_bytes(b"")
    b.seal()


def noise(b: Bundle) -> None:
    b.keras.write_bytes(os.urandom(5000))
    b.seal()


def encrypted(b: Bundle) -> None:
    data = bytearray(b.keras.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(signature)
        while at >= 0:
            data[at + offset] |= 1
            at = data.find(signature, at + 4)
    b.keras.write_bytes(bytes(data))
    b.seal()


def flipped(b: Bundle) -> None:
    data = bytearray(b.keras.read_bytes())
    data[len(data) // 2] ^= 1
    b.keras.write_bytes(bytes(data))


def flipped_and_sealed(b: Bundle) -> None:
    flipped(b)
    b.seal()


def wrong_hash(b: Bundle) -> None:
    b.card(files={**json.loads((b.path / "card.json").read_text())["files"], "report.html": "0" * 64})


def extra_file(b: Bundle) -> None:
    (b.path / "extra.pkl").write_bytes(pickle.dumps(Touch(b.canary)))


def listed_pickle(b: Bundle) -> None:
    extra_file(b)
    files = json.loads((b.path / "card.json").read_text())["files"]
    b.card(files={**files, "extra.pkl": hashlib.sha256((b.path / "extra.pkl").read_bytes()).hexdigest()})


def listed_path(b: Bundle) -> None:
    files = json.loads((b.path / "card.json").read_text())["files"]
    b.card(files={**files, "../../secret.json": "0" * 64})


def linked_model(b: Bundle) -> None:
    b.keras.rename(b.path.parent / "elsewhere.keras")
    b.keras.symlink_to(b.path.parent / "elsewhere.keras")


def missing_model(b: Bundle) -> None:
    b.keras.unlink()


def missing_card(b: Bundle) -> None:
    (b.path / "card.json").unlink()


def missing_report(b: Bundle) -> None:
    (b.path / "report.html").unlink()


def no_bundle(b: Bundle) -> None:
    shutil.rmtree(b.path)


def card_is_no_json(b: Bundle) -> None:
    (b.path / "card.json").write_text("nonsense")


SPOILERS: dict[Callable[[Bundle], None], str] = {
    lambda_layer: "'Lambda', which is not an allowed layer",
    lambda_by_hand: "'Lambda', which is not an allowed layer",
    tfsm_layer: "'TFSMLayer', which is not an allowed layer",
    foreign_module: "names the module 'os'",
    custom_object: "custom object 'evil>Layer'",
    module_deep_inside: "names the module 'subprocess'",
    function_activation: "uses the activation",
    unknown_activation: "uses the activation 'os.system'",
    compiled: "carries code or training settings",
    sequential: "'Sequential'",
    no_softmax: r"does not end GlobalAveragePooling2D or Contrast, Dense\(softmax\)",
    four_outputs: "has 4 outputs for the 3 classes",
    other_input: "its card says 48x48",
    no_layers: "does not end GlobalAveragePooling2D",
    deep_json: "not readable JSON|nested too deeply",
    config_is_a_list: "must be a JSON object",
    config_is_no_json: "not readable JSON",
    h5: r"is an HDF5 \(.h5\) model",
    pickled: "is not a .keras archive",
    pickle_member: "holds 'weights.pkl'",
    traversal: "holds '../../canary'",
    absolute: "does not belong into a .keras archive",
    twice: "must hold each of",
    bomb: "zip bomb",
    huge_metadata: "zip bomb's size",
    no_weights: "must hold each of",
    weights_are_noise: "model.weights.h5 is damaged",
    weights_cut: "model.weights.h5 is damaged",
    external_link: "has a link at /evil",
    soft_link: "has a link at /evil",
    external_storage: "holds no plain numbers at /evil",
    object_weights: "holds no plain numbers at /evil",
    h5_bomb: "would unpack to",
    nan_weights: "has weights that are no numbers",
    truncated: "is a damaged .keras archive",
    empty: "is not a .keras archive",
    noise: "is not a .keras archive",
    encrypted: "is encrypted",
    flipped: "model.keras: checksum mismatch",
    flipped_and_sealed: "damaged",
    wrong_hash: "report.html: checksum mismatch",
    extra_file: "extra.pkl is not in the bundle's card",
    listed_pickle: "no kind of file that belongs into a bundle",
    listed_path: "not a plain file name",
    linked_model: "is not a regular file",
    missing_model: "model.keras is missing",
    missing_card: "card.json is missing",
    missing_report: "report.html is missing",
    no_bundle: "does not exist",
    card_is_no_json: "is no model card",
}


@pytest.mark.parametrize("spoil", SPOILERS, ids=lambda s: s.__name__)
def test_a_spoilt_bundle_is_refused_and_runs_nothing(spoil: Callable[[Bundle], None], bundle: Bundle) -> None:
    spoil(bundle)
    with pytest.raises(ModelError, match=SPOILERS[spoil]) as refused:
        TensorFlowClassifier.load(bundle.path)
    assert str(bundle.path) in str(refused.value)
    assert not bundle.canary.exists()


def test_the_canary_would_sing(bundle: Bundle) -> None:
    pickle.loads(pickle.dumps(Touch(bundle.canary)))
    assert bundle.canary.exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"classes": ["Good", "Bad"]}, "thresholds name unknown classes|has 3 outputs for the 2 classes"),
        ({"classes": ["Good", "Good", "Bad"]}, "listed twice"),
        ({"preprocess": "nearest-0"}, "made for preprocessing 'nearest-0'"),
        ({"temperature": 0.0}, "temperature"),
        ({"temperature": "NaN"}, "temperature"),
        ({"thresholds": {"Good": 1.5}}, "thresholds"),
        ({"version": 0}, "version"),
        ({"plot_type": "../evil"}, "plot_type"),
        ({"crop": [0.6, 0, 0.6, 0]}, "crop"),
        ({"input_size": 64}, "its card says 64x64"),
        ({"surprise": 1}, "surprise"),
        ({"files": {}}, "the sha256 of model.keras is missing"),
        ({"format": 2}, "format"),
    ],
)
def test_a_card_that_makes_no_sense_is_refused(bundle: Bundle, changes: dict[str, object], message: str) -> None:
    bundle.card(**changes)
    with pytest.raises(ModelError, match=message):
        verify(bundle.path)


def test_the_good_bundle_is_accepted(bundle: Bundle) -> None:
    assert verify(bundle.path) == read_card(bundle.path)
    assert set(bundle.members()) == set(MEMBERS)


def test_a_bundle_is_written_whole_or_not_at_all(bundle: Bundle, tmp_path: Path) -> None:
    card, model = verify(bundle.path), saving.load_model(bundle.keras)
    models = tmp_path / "models"
    with pytest.raises(ModelError, match="cannot be written"):
        write_bundle(models, card, model, {"no/such/place.png": b"x"})
    assert list((models / "CDC_occupancy").iterdir()) == []
    written = write_bundle(models, card, model, {"report.html": b"x"})
    assert verify(models / "CDC_occupancy" / "v1") == written
    with pytest.raises(ModelError, match="exists already"):
        write_bundle(models, card, model, {})
