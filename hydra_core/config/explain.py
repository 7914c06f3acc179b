"""Says pydantic's errors in a person's words, with the line and "did you mean"."""

import re
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from hydra_core.config.problems import Keys, Problem, described, did_you_mean, line_of
from hydra_core.config.values import EVERY

_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "tuple_type": "a list, such as [a, b]",
    "dict_type": "a mapping of keys",
    "model_type": "a mapping of keys",
    "model_attributes_type": "a mapping of keys",
}
_TAGS = (("directory",), ("http",))
"""What pydantic puts into the path of a source, to say which kind it took it for."""

_LIMITS = {
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
}


def explain(error: ValidationError, root: type[BaseModel], lines: Mapping[Keys, int]) -> list[Problem]:
    """Return one problem for each error, with lines."""
    found = [_Explained(details, root) for details in error.errors(include_url=False)]
    misspelt = {(one.keys[:-1], one.guess) for one in found if one.guess}
    return [
        Problem(one.keys, one.text, line_of(lines, one.keys))
        for one in found
        if not (one.kind == "missing" and (one.keys[:-1], one.keys[-1]) in misspelt)
    ]


class _Explained:
    """One of pydantic's errors; `guess` is the known key that an unknown one probably meant."""

    def __init__(self, details: ErrorDetails, root: type[BaseModel]) -> None:
        self.kind = details["type"]
        self.keys = _written(details["loc"])
        self.guess = ""
        self._input = details["input"]
        self._context: dict[str, Any] = details.get("ctx", {})
        self._root = root
        if self.kind in ("union_tag_invalid", "union_tag_not_found"):
            self.keys = (*self.keys, "kind")
        self.text = self._said(details["msg"])

    def _said(self, fallback: str) -> str:
        wanted = _WANTED.get(self.kind)
        limit = _LIMITS.get(self.kind)
        if self.kind == "extra_forbidden":
            return self._unknown()
        if self.kind in ("missing", "union_tag_not_found"):
            return _missing(model_at(self._root, self.keys[:-1]), str(self.keys[-1]))
        if self.kind == "value_error":
            return str(self._context["error"])
        if self.kind == "literal_error":
            return self._not_a_choice(self._input, str(self._context.get("expected", "")))
        if self.kind == "union_tag_invalid":
            return self._not_a_choice(self._context["tag"], self._context["expected_tags"])
        if self.kind == "too_short":
            return "must not be empty"
        if wanted:
            return self._wrong_kind(wanted)
        if limit:
            return f"must be {limit.format(**self._context)}, got {self._input}"
        return f"{fallback}, got {described(self._input)}"

    def _wrong_kind(self, wanted: str) -> str:
        if self._input is None:
            return f"is empty; it must be {wanted}"
        text = f"must be {wanted}, got {described(self._input)}"
        if self.kind == "string_type" and isinstance(self._input, bool | int | float):
            written = str(self._input).lower() if isinstance(self._input, bool) else self._input
            text += f'; write "{written}" in quotes if it is meant as text'
        return text

    def _not_a_choice(self, given: object, expected: str) -> str:
        choice = re.findall(r"'([^']*)'", expected)
        wanted = f"must be {'one of ' if len(choice) > 1 else ''}{', '.join(choice)}"
        hint = did_you_mean(given, choice) if isinstance(given, str) else ""
        return f"{wanted}; got {described(given)}{hint if '?' in hint else ''}"

    def _unknown(self) -> str:
        key = str(self.keys[-1])
        model = model_at(self._root, self.keys[:-1])
        known = [name for name in model.model_fields if name != key] if model else []
        hint = did_you_mean(key, known)
        if hint.startswith("; did you mean"):
            self.guess = hint.split('"')[1]
        elsewhere = list(_elsewhere(self._root, key, self.keys[:-1]))
        if elsewhere and not self.guess:
            hint = f'; "{key}" belongs {elsewhere[0]}'
        elif " " in key and self._input is None:
            hint = "; is it the rest of a text? Text with a comma inside { } needs quotes"
        return f"unknown key{hint}"


def _written(loc: Keys) -> Keys:
    """Drop what pydantic and `Thresholds` put into the path but nobody wrote."""
    if loc[-2:] == ("threshold", EVERY):
        loc = loc[:-1]
    if loc[:1] == ("sources",) and loc[2:3] in _TAGS:
        loc = loc[:2] + loc[3:]
    return tuple(key for key in loc if key != "[key]")


def _missing(model: type[BaseModel] | None, key: str) -> str:
    description = model.model_fields[key].description if model and key in model.model_fields else None
    return "missing" + (f": {description}" if description else "")


def _elsewhere(root: type[BaseModel], key: str, here: Keys) -> Iterator[str]:
    """Say where a key that is misplaced, e.g. by its indentation, would be right."""
    if here and key in root.model_fields:
        yield "at the top level (is it indented too far?)"
    for section in root.model_fields:
        model = model_at(root, (section,))
        if not here and model and key in model.model_fields:
            yield f'under "{section}"'


def model_at(root: type[BaseModel], keys: Keys) -> type[BaseModel] | None:
    """Return the section that stands at `keys` in the document, or None when it is no section."""
    kind: Any = root
    for key in keys:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            field = kind.model_fields.get(str(key))
            kind = field.annotation if field else None
        else:
            kind = (
                typing.get_args(kind)[-1 if typing.get_origin(kind) is dict else 0] if typing.get_args(kind) else None
            )
        kind = _bare(kind)
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _bare(kind: Any) -> Any:
    """Strip `Annotated` and `| None`."""
    while True:
        origin = typing.get_origin(kind)
        if origin is typing.Annotated:
            kind = typing.get_args(kind)[0]
        elif origin in (types.UnionType, typing.Union):
            kind = next(arg for arg in typing.get_args(kind) if arg is not type(None))
        else:
            return kind
