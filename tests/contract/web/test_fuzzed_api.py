"""schemathesis sends what the OpenAPI document allows: the server never fails, and its answers are as promised."""

import json
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance
from support.people import token_holder
from support.wall import HALL
from support.web_server import running_hall

EXAMPLES = 5
"""Requests of each operation: all together take a minute, not an hour."""

CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]
DOCUMENT = Path(__file__).parents[3] / "docs" / "reference" / "openapi.json"
OPERATIONS = [
    found.ok() for found in schemathesis.openapi.from_dict(json.loads(DOCUMENT.read_text())).get_all_operations()
]


@pytest.fixture(scope="module")
def hall(tmp_path_factory):
    with running_hall(tmp_path_factory.mktemp("fuzz"), f"{HALL}\nsources: [{{kind: http}}]\n") as made:
        made.shift.confirm("CDC_occupancy", "Bad")
        made.shift.judge("FCAL_occupancy", "Good")
        made.caught_up()
        yield made


@pytest.fixture(scope="module")
def token(hall):
    with token_holder(hall, "admin") as everything:
        yield everything.headers["Authorization"]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.label)
def test_no_request_upsets_the_server(hall, token, operation):
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case):
        answer = case.call(base_url=hall.url, headers={"Authorization": token}, timeout=20)
        case.validate_response(answer, checks=CHECKS)

    ask()
