"""A new adapter, its fake and its test, written from a template that passes the kit as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

__all__ = ["Naming", "UnfitName", "write_adapter"]

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", re.ASCII)
_LONGEST = 24


class UnfitName(ValueError):  # noqa: N818 - the name says it
    """An adapter cannot be called so; the message says how it can."""


@dataclass(frozen=True, slots=True)
class Naming:
    """What the new adapter's parts are called, and where they go.

    `in_tree`: among the adapters of this project, else as a package of its own.
    """

    name: str
    title: str
    in_tree: bool = False

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or len(self.name) > _LONGEST:
            raise UnfitName(
                f"{self.name!r} is no name: small letters, digits and single _ between them, a "
                f"letter first, {_LONGEST} at most"
            )
        if not self.title or len(self.title) > _LONGEST or not self.title.isprintable():
            raise UnfitName(f"the title has 1 to {_LONGEST} characters")
        if set(self.title) & set("\"'\\{}`@"):
            raise UnfitName("the title stands in Python texts: no quotes, braces, @, ` or \\")

    @property
    def class_name(self) -> str:
        """`my_shop` → `MyShop`."""
        return "".join(part.capitalize() for part in self.name.split("_"))

    @property
    def package(self) -> str:
        """Where the adapter is imported from."""
        return f"adapters.{self.name}" if self.in_tree else f"{self.name}_checkout"

    @property
    def fake(self) -> str:
        """Where its fake is imported from."""
        return f"adapters.testing.{self.name}" if self.in_tree else f"{self.package}.fake"

    def places(self) -> dict[str, str]:
        """Which file of the template goes where."""
        package = self.package.replace(".", "/")
        tests = "tests/conformance" if self.in_tree else "tests"
        places = {
            "init.py": f"{package}/__init__.py",
            "manifest.py": f"{package}/manifest.py",
            "adapter.py": f"{package}/adapter.py",
            "orders.py": f"{package}/orders.py",
            "fake.py": f"{self.fake.replace('.', '/')}.py",
            "test.py": f"{tests}/test_{self.name}.py",
        }
        if not self.in_tree:
            places["pyproject.toml"] = "pyproject.toml"
            places["py.typed"] = f"{package}/py.typed"
        return places


def write_adapter(*, naming: Naming, folder: Path) -> list[Path]:
    """Write the files; gives their paths.

    Raises:
        FileExistsError: one of them is there already; nothing is written.
    """
    paths = {name: folder / place for name, place in naming.places().items()}
    for path in paths.values():
        if path.exists():
            raise FileExistsError(f"{path} is there already")
    for name, path in paths.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_filled(name, naming), "utf-8")
    return list(paths.values())


def _filled(name: str, naming: Naming) -> str:
    text = (files("adapters.template") / "files" / f"{name}.tmpl").read_text("utf-8")
    for marker, value in (
        ("NAME", naming.name),
        ("DASHED", naming.name.replace("_", "-")),
        ("TITLE", naming.title),
        ("CLASS", naming.class_name),
        ("PACKAGE", naming.package),
        ("FAKE", naming.fake),
    ):
        text = text.replace(f"@@{marker}@@", value)
    return _in_order(text) if name.endswith(".py") else text


def _in_order(text: str) -> str:
    """The module with its last block of imports in order: others' first, then its own."""
    lines = text.splitlines(keepends=True)
    first = next((i for i, line in enumerate(lines) if line.startswith("from adapters")), None)
    if first is None:
        return text
    end = next(i for i in range(first, len(lines)) if not lines[i].strip())
    found = sorted(_statements(lines[first:end]), key=lambda each: each.split()[1])
    ours = [each for each in found if each.split()[1].split(".")[0] in ("adapters", "partner_sdk")]
    own = [each for each in found if each not in ours]
    blocks = "\n".join("".join(block) for block in (ours, own) if block)
    return "".join(lines[:first]) + blocks + "".join(lines[end:])


def _statements(lines: list[str]) -> Iterator[str]:
    """Import statements, each with the lines that its parenthesis holds."""
    statement = ""
    for line in lines:
        statement += line
        if statement.count("(") == statement.count(")"):
            yield statement
            statement = ""
