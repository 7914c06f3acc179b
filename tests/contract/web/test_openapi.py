"""The committed OpenAPI document is the application's own, and says of every route what it needs to."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def document():
    spec = importlib.util.spec_from_file_location("docs_openapi", ROOT / "docs" / "openapi.py")
    assert spec is not None and spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.document()


def test_the_committed_document_is_up_to_date(document):
    committed = json.loads((ROOT / "docs" / "reference" / "openapi.json").read_text())
    assert committed == json.loads(json.dumps(document)), "run `make generated`"


def test_every_operation_says_what_it_does(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation.get("description", "").endswith((".", ")")), f"{method} {path}: {operation}"
            assert operation["tags"], f"{method} {path}"


def test_every_page_has_its_twin(document):
    twins = {
        "/": "/api/v1/status",
        "/admin": "/api/v1/accounts",
        "/admin/tokens": "/api/v1/tokens",
        "/admin/news": "/api/v1/news",
        "/admin/audit": "/api/v1/audit",
        "/me": "/api/v1/me",
        "/p/{uid}": "/api/v1/plots/{uid}",
        "/log": "/api/v1/log",
        "/v/{slug}": "/api/v1/views/{slug}",
    }
    assert set(twins.values()) <= set(document["paths"])
