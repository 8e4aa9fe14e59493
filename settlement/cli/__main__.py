"""`python -m settlement.cli`, the same as `settlement`."""

from settlement.cli.app import main

main()
