"""Nothing of the official host's API is missing: every method, getter and event of every class is there."""

from __future__ import annotations

import ast
import importlib
import inspect
import re

import pytest

from proctor_sfu.mediasoup.entity import Entity
from support.api import API, whole

EMITTERS = ("emit", "_tell", "_observe")
CLASSES = [name for name in API if all(each.base != name for each in API.values())]
"""All but the two bases, whose names every class made from them has."""


def module_of(name: str) -> str:
    spelled = name.replace("WebRtc", "Webrtc")
    return re.sub(r"(?<!^)(?=[A-Z])", "_", spelled).lower()


def class_of(name: str) -> type[Entity]:
    found: type[Entity] = getattr(importlib.import_module(f"proctor_sfu.mediasoup.{module_of(name)}"), name)
    return found


def emitted(kind: type) -> set[str]:
    """Names that a class passes to what emits events, found in its source and that of its bases."""
    names: set[str] = set()
    for base in kind.__mro__:
        if not base.__module__.startswith("proctor_sfu.mediasoup"):
            continue
        for node in ast.walk(ast.parse(inspect.getsource(inspect.getmodule(base) or base))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in EMITTERS:
                texts = [each.value for each in ast.walk(node.args[0]) if isinstance(each, ast.Constant)]
                names |= {text for text in texts if isinstance(text, str)}
    return names


@pytest.mark.parametrize("name", CLASSES)
def test_every_method_is_there(name: str) -> None:
    kind = class_of(name)
    missing = [method for method in whole(name).methods if not inspect.isfunction(getattr(kind, method, None))]
    assert missing == []


@pytest.mark.parametrize("name", CLASSES)
def test_every_getter_is_there(name: str) -> None:
    kind = class_of(name)
    missing = [getter for getter in whole(name).getters if inspect.isfunction(getattr(kind, getter, print))]
    missing += [getter for getter in whole(name).getters if not hasattr(kind, getter) and getter != "type"]
    assert missing == []


@pytest.mark.parametrize("name", CLASSES)
def test_every_event_is_emitted_and_documented(name: str) -> None:
    kind = class_of(name)
    sources = emitted(kind)
    documented = "".join(base.__doc__ or "" for base in kind.__mro__)
    wanted = whole(name).events
    assert [event for event in wanted if event not in sources] == []
    assert [event for event in wanted if f"``{event}``" not in documented] == []


@pytest.mark.parametrize("name", CLASSES)
def test_every_member_is_documented(name: str) -> None:
    kind = class_of(name)
    members = [*whole(name).methods, *(getter for getter in whole(name).getters if getter not in ("id", "type"))]
    assert [member for member in members if not inspect.getdoc(getattr(kind, member))] == []
