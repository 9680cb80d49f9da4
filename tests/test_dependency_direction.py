"""Who may import whom: each room uses what lies to its right, never back."""

import ast
from pathlib import Path

import pytest

import cds_service

PACKAGE = Path(cds_service.__file__).parent

ROOMS = {
    "fhir": {"errors"},
    "facts": {"fhir", "errors"},
    "criteria": {"facts", "fhir", "errors"},
    "client": {"facts", "errors"},
    "cdshooks": {"fhir", "handles", "errors"},
    "companion": {
        "rendering",
        "criteria",
        "facts",
        "fhir",
        "cdshooks",
        "client",
        "handles",
        "issued",
        "errors",
    },
    "content": {"facts", "errors"},
    "rendering": {"criteria", "facts", "fhir", "issued", "errors"},
    "drafts": {"facts", "fhir", "cdshooks", "client"},
    "evaluate": {
        "drafts",
        "companion",
        "rendering",
        "criteria",
        "facts",
        "fhir",
        "cdshooks",
        "client",
        "handles",
        "issued",
        "watch",
        "errors",
        "",
    },
    "handles": {"fhir"},
    "launches": set(),
    "issued": {"handles"},
    "reporting": {"adapters", "errors"},
    "watch": set(),
    "adapters": {
        "cdshooks",
        "client",
        "errors",
        "facts",
        "fhir",
        "handles",
        "issued",
        "launches",
        "settings",
        "watch",
        "web",
        "",
    },
    "web": {
        "evaluate",
        "companion",
        "rendering",
        "cdshooks",
        "client",
        "handles",
        "issued",
        "watch",
        "errors",
        "",
    },
    "workbench": {
        "cdshooks",
        "client",
        "content",
        "criteria",
        "errors",
        "facts",
        "rendering",
    },
    "catalogue": {
        "rendering",
        "criteria",
        "facts",
        "content",
        "cdshooks",
        "client",
        "errors",
    },
    "assembly": {
        "adapters",
        "catalogue",
        "cdshooks",
        "client",
        "companion",
        "content",
        "drafts",
        "evaluate",
        "facts",
        "launches",
        "pages",
        "rendering",
        "settings",
        "web",
        "workbench",
    },
    "pages": {
        "catalogue",
        "web",
        "workbench",
        "companion",
        "cdshooks",
        "client",
        "handles",
        "launches",
        "errors",
        "",
    },
}
"""Room -> rooms it may import besides itself; `` is the package itself, for its version."""

FOREIGN = {
    "fhir": {"msgspec"},
    "facts": {"msgspec"},
    "criteria": {"msgspec"},
    "cdshooks": {"msgspec"},
    "client": {"msgspec"},
}
"""Libraries beyond the standard one: these rooms know no Flask, no requests and no pydantic."""

NO_OUTSIDE = {
    "fhir": {"pathlib", "os", "io", "tomllib", "time", "socket", "subprocess"},
    "facts": {"pathlib", "os", "io", "tomllib", "time", "socket", "subprocess"},
    "criteria": {"pathlib", "os", "io", "tomllib", "time", "socket", "subprocess"},
}
"""Rooms without files and clock; both are handed in."""

CLOCKS = {"now", "utcnow", "today"}


def modules(room: str) -> list[Path]:
    single = PACKAGE / f"{room}.py"
    found = [single] if single.is_file() else sorted((PACKAGE / room).rglob("*.py"))
    assert found, f"the room {room} is empty; take it off the list"
    return found


def imported(file: Path) -> set[str]:
    """Full names of what a module imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: write imports in full"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def room_of(name: str) -> str:
    part = name.split(".")[1]
    return part if (PACKAGE / part).is_dir() or (PACKAGE / f"{part}.py").is_file() else ""


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_look_only_to_the_right(room):
    for file in modules(room):
        ours = {name for name in imported(file) if name.startswith("cds_service")}
        reached = {room_of(name) for name in ours} - {room}
        assert reached <= ROOMS[room], f"{file}: may not import {reached - ROOMS[room]}"


@pytest.mark.parametrize("room", FOREIGN)
def test_inner_rooms_know_few_libraries(room):
    import sys

    for file in modules(room):
        roots = {name.partition(".")[0] for name in imported(file)}
        foreign = roots - sys.stdlib_module_names - {"cds_service"}
        assert foreign <= FOREIGN[room], f"{file}: may not import {foreign - FOREIGN[room]}"


@pytest.mark.parametrize("room", NO_OUTSIDE)
def test_inner_rooms_read_no_file_and_no_clock(room):
    for file in modules(room):
        roots = {name.partition(".")[0] for name in imported(file)}
        assert not roots & NO_OUTSIDE[room], f"{file}: has no business with the outside"
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = node.func
                assert not (isinstance(called, ast.Attribute) and called.attr in CLOCKS), (
                    f"{file}:{node.lineno}: the moment of evaluation is handed in"
                )
                assert not (isinstance(called, ast.Name) and called.id == "open"), (
                    f"{file}:{node.lineno}: files are read elsewhere"
                )


def test_only_app_commands_and_reports_know_adapters():
    for file in sorted(PACKAGE.rglob("*.py")):
        rooms = set(file.relative_to(PACKAGE).parts)
        if {"adapters", "app.py", "assembly", "commands", "reporting", "server.py"} & rooms:
            continue
        assert not any(name.startswith("cds_service.adapters") for name in imported(file)), file


def test_only_web_pages_and_app_know_flask():
    for file in sorted(PACKAGE.rglob("*.py")):
        if {"web", "pages"} & set(file.relative_to(PACKAGE).parts) or file.name in (
            "app.py",
            "server.py",
        ):
            continue
        roots = {name.partition(".")[0] for name in imported(file)}
        assert not roots & {"flask", "werkzeug"}, file
