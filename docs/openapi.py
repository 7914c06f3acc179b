"""Writes the API's OpenAPI document to standard output; `make generated` puts it into docs/reference/openapi.json."""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from hydra_core.archive import FileArchive
from hydra_core.config import load_config
from hydra_core.store import open_store
from hydra_web.app import create_app

EXAMPLE = Path(__file__).parents[1] / "config" / "hall-d.example.yaml"


def document() -> dict[str, Any]:
    """Return the document; it is the same for every hall."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/hydra.sqlite3")
        try:
            return create_app(load_config(EXAMPLE), store, FileArchive(Path(folder) / "images")).openapi()
        finally:
            store.close()


def main() -> None:
    """Write the document."""
    json.dump(document(), sys.stdout, indent=1, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main()
