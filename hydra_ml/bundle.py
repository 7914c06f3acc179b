"""Write and read model bundles: a directory with the model, its card, a typical plot and a report.

A bundle is trusted only as far as it was checked: every file against its hash, the card against its schema, the
`.keras` archive against what our architectures are made of, and all of that before Keras runs.
"""

import contextlib
import hashlib
import shutil
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from hydra_core.errors import ModelError
from hydra_ml.card import CARD_FILE, MODEL_FILE, Card
from hydra_ml.keras_file import check_head, check_keras
from hydra_ml.preprocess import PREPROCESS_VERSION

if TYPE_CHECKING:
    import keras

MOST_CARD_BYTES = 4 * 1024**2
MOST_FILE_BYTES = 640 * 1024**2


def bundle_path(models_path: Path, plot_type: str, version: int) -> Path:
    """Return where a model's bundle lies below the models directory."""
    return models_path / plot_type / f"v{version}"


def write_bundle(models_path: Path, card: Card, model: "keras.Model", files: Mapping[str, bytes]) -> Card:
    """Write a whole bundle or nothing, and return its card with all hashes filled in.

    `card.files` is ignored. Raises ModelError when that version exists already or the disk fails.
    """
    target = bundle_path(models_path, card.plot_type, card.version)
    if target.exists():
        raise ModelError(f"{target} exists already; move it away or take the next version")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".v{card.version}-", dir=target.parent))
    except OSError as error:
        raise ModelError(f"bundle {target} cannot be written: {error}") from error
    try:
        finished = _fill(beside, card, model, files)
        beside.chmod(0o755)
        beside.rename(target)
    except OSError as error:
        raise ModelError(f"bundle {target} cannot be written: {error}") from error
    finally:
        with contextlib.suppress(OSError):
            shutil.rmtree(beside)
    return finished


def read_card(path: Path) -> Card:
    """Return the card of the bundle at `path`, checked against its schema only. Raises ModelError."""
    file = path / CARD_FILE
    if not path.is_dir():
        raise ModelError(f"model bundle {path} does not exist; `hydra model list` shows what there is")
    data = _read(file, MOST_CARD_BYTES)
    try:
        return Card.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ModelError(f"{file} is no model card of this version of Hydra: {where}: {first['msg']}") from error


def verify(path: Path) -> Card:
    """Check everything in a bundle without running any of it, and return its card. Raises ModelError."""
    card = read_card(path)
    if card.preprocess != PREPROCESS_VERSION:
        raise ModelError(
            f"{path}: made for preprocessing {card.preprocess!r}, this Hydra has {PREPROCESS_VERSION!r}; train it again"
        )
    present = {entry.name for entry in path.iterdir() if not entry.name.startswith(".")} - {CARD_FILE}
    strange, missing = sorted(present - set(card.files)), sorted(set(card.files) - present)
    if strange:
        raise ModelError(f"{path / strange[0]} is not in the bundle's card; remove it or do not use the bundle")
    if missing:
        raise ModelError(f"{path / missing[0]} is missing; copy the bundle again or roll back")
    for name, expected in card.files.items():
        data = _read(path / name, MOST_FILE_BYTES)
        found = hashlib.sha256(data).hexdigest()
        if found != expected:
            raise ModelError(
                f"{path / name}: checksum mismatch (card says {expected[:12]}…, file has {found[:12]}…); "
                "copy the bundle again or roll back"
            )
        if name == MODEL_FILE:
            config = check_keras(data, str(path / name))
            check_head(config, len(card.classes), card.input_size, str(path / name))
    return card


def _fill(directory: Path, card: Card, model: "keras.Model", files: Mapping[str, bytes]) -> Card:
    model.save(directory / MODEL_FILE)
    for name, data in files.items():
        (directory / name).write_bytes(data)
    hashes = {entry.name: hashlib.sha256(entry.read_bytes()).hexdigest() for entry in sorted(directory.iterdir())}
    finished = Card.model_validate({**card.model_dump(), "files": hashes})
    (directory / CARD_FILE).write_text(finished.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return finished


def _read(file: Path, most: int) -> bytes:
    """Return a regular file's bytes; raises ModelError for anything else, and for too many bytes."""
    try:
        status = file.lstat()
        if not stat.S_ISREG(status.st_mode):
            raise ModelError(f"{file} is not a regular file; a bundle's files must lie in it themselves")
        if status.st_size > most:
            raise ModelError(f"{file} has {status.st_size} bytes, more than the {most} allowed")
        return file.read_bytes()
    except FileNotFoundError as error:
        raise ModelError(f"{file} is missing; copy the bundle again or roll back") from error
    except OSError as error:
        raise ModelError(f"{file} cannot be read: {error}") from error
