"""The command `coalition`."""

from coalition.cli.app import main as main
