"""The application with its OpenAPI document put right where FastAPI's own falls short of what the routes do."""

from typing import Any

from fastapi import FastAPI

_WORDS = {"type": "string", "description": "What is wrong, for people to read."}


class DescribedApp(FastAPI):
    """FastAPI whose document says that a refusal may be told in words, and how a program shows its token."""

    def openapi(self) -> dict[str, Any]:
        """Return the document; it is made once."""
        if self.openapi_schema is None:
            document = super().openapi()
            refusal = document["components"]["schemas"]["HTTPValidationError"]["properties"]
            refusal["detail"] = {"title": "Detail", "anyOf": [refusal["detail"], _WORDS]}
            scheme = {"type": "http", "scheme": "bearer", "description": "A token that an admin made at /admin/tokens."}
            document["components"]["securitySchemes"] = {"token": scheme}
            document["security"] = [{}, {"token": []}]
            self.openapi_schema = document
        return self.openapi_schema
