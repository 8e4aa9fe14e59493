"""A kind of import-linter contract that says what may be imported, where the rest may not be."""

from __future__ import annotations

import re
from collections.abc import Iterator

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


def within(module: str, pattern: str) -> bool:
    """Whether the module is, or lies in, what the pattern names; `*` stands for one name."""
    regex = re.escape(pattern).replace(r"\*", r"[^.]+")
    return re.match(rf"{regex}(\.|$)", module) is not None


class OnlyContract(Contract):
    """Modules in `source_modules` (but not in `exempt_modules`) import directly, of what lies in
    `restricted_modules`, only what lies in `allowed_modules`.
    """

    type_name = "only"

    source_modules = fields.ListField(subfield=fields.StringField())
    restricted_modules = fields.ListField(subfield=fields.StringField())
    allowed_modules = fields.ListField(subfield=fields.StringField(), required=False)
    exempt_modules = fields.ListField(subfield=fields.StringField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Look at every direct import."""
        found = list(self._violations(graph))
        return ContractCheck(kept=not found, metadata={"found": found})

    def _violations(self, graph: ImportGraph) -> Iterator[str]:
        for module in sorted(graph.modules):
            if not self._any(module, self.source_modules) or self._any(
                module, self.exempt_modules or []
            ):
                continue
            for imported in sorted(graph.find_modules_directly_imported_by(module)):
                if self._any(imported, self.restricted_modules) and not self._any(
                    imported, self.allowed_modules or []
                ):
                    details = graph.get_import_details(importer=module, imported=imported)
                    lines = ", ".join(f"l.{detail['line_number']}" for detail in details)
                    yield f"{module} -> {imported} ({lines})"

    @staticmethod
    def _any(module: str, patterns: object) -> bool:
        assert isinstance(patterns, list)
        return any(within(module, str(pattern)) for pattern in patterns)

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Name each import."""
        for line in check.metadata["found"]:
            output.print_error(line, bold=False)
