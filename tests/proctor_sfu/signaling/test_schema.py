"""The schema of signaling and its man page, held against the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from proctor_sfu.signaling import shapes
from proctor_sfu.signaling.handlers.table import TABLE
from proctor_sfu.signaling.messages import STATUS
from proctor_sfu.signaling.schema import document
from proctor_sfu.signaling.session import CLOSE_CODES

PAGE = (Path(__file__).parents[3] / "man" / "psfu-signaling.7").read_text()


def test_the_document_is_a_schema_and_has_every_method() -> None:
    schema = document()
    assert schema["requests"].keys() == TABLE.keys()
    assert schema["notifications"].keys() == shapes.NOTIFICATIONS.keys()
    assert schema["serverRequests"].keys() == shapes.REQUESTS.keys()
    Draft202012Validator.check_schema({"$defs": schema["$defs"]})
    for name, definition in schema["$defs"].items():
        assert definition.get("description") or "enum" in definition, f"{name} does not say what it is"


def test_every_reference_is_defined() -> None:
    schema = document()
    references = re.findall(r"#/\$defs/([\w-]+)", str(schema))
    assert references and set(references) <= schema["$defs"].keys()


@pytest.mark.parametrize("name", [*TABLE, *shapes.NOTIFICATIONS, *shapes.REQUESTS])
def test_the_man_page_tells_of_every_message(name: str) -> None:
    assert re.search(rf"^\.(B|BR)\b.*\b{name}\b|^{name}\b", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("code", "number"), STATUS.items())
def test_the_man_page_tells_of_every_code(code: str, number: int) -> None:
    assert re.search(rf"^{code}\t{number}\t\S", PAGE, re.MULTILINE)


@pytest.mark.parametrize("number", CLOSE_CODES.values())
def test_the_man_page_tells_of_every_close_code(number: int) -> None:
    assert re.search(rf"^{number}\t\S", PAGE, re.MULTILINE)
