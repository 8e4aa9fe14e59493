"""Writes the generated parts of the reference anew: `make docs`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from tests.docs import (
    generate_api,
    generate_cli,
    generate_platforms,
    generate_settings,
    generate_verifier,
)
from tests.docs.marked import with_part
from tests.docs.pages import DOCS

REFERENCE = DOCS / "reference"

PARTS: Mapping[str, Mapping[str, Callable[[], str]]] = {
    "api.md": {
        "endpoints": generate_api.endpoint_table,
        "each-endpoint": generate_api.endpoint_sections,
        "objects": generate_api.object_sections,
    },
    "cli.md": {
        "coalition": generate_cli.coalition_reference,
        "settlement": generate_cli.settlement_reference,
        "coalition-partner": generate_cli.partner_reference,
    },
    "configuration.md": {
        "hub": generate_settings.hub_settings,
        "settlement": generate_settings.night_settings,
    },
    "platforms.md": {
        "table": generate_platforms.platform_table,
        "platforms": generate_platforms.platform_sections,
    },
    "problems.md": {
        "table": generate_settings.problem_table,
        "problems": generate_settings.problem_sections,
    },
    "verification.md": {
        "verifier": generate_verifier.verifier_hash,
    },
}


def generated(name: str) -> str:
    """A page of the reference as it must be."""
    page = (REFERENCE / name).read_text("utf-8")
    for part, make in PARTS[name].items():
        page = with_part(page=page, name=part, content=make())
    return page


def main() -> None:
    """Write what is out of step."""
    for name in PARTS:
        path: Path = REFERENCE / name
        page = generated(name)
        if page != path.read_text("utf-8"):
            path.write_text(page, "utf-8")
            print(f"docs/reference/{name} written anew")


if __name__ == "__main__":
    main()
