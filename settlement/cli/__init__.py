"""The command `settlement`: run the night, see where it stands, explain and verify statements."""

from settlement.cli.app import app, main, run_command

__all__ = ["app", "main", "run_command"]
