"""The JSON schema of a hall's YAML, by which editors complete and check while one types."""

from typing import Any

from hydra_core.config.hall import HallConfig


def json_schema() -> dict[str, Any]:
    """Return the schema (JSON Schema 2020-12) of the YAML that `load_config` accepts."""
    schema = HallConfig.model_json_schema(mode="validation")
    plots = schema["properties"]["plots"]
    plots["propertyNames"] = {"pattern": "^[A-Za-z][A-Za-z0-9_-]*$"}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Hydra: one hall"}
