"""A process that helps to write the bundles of a large night.

`python -m settlement.worker DATE PARENT`, with the configuration in the environment. It takes
statements that are planned and not written, and ends when none is left, or when the process that
started it is gone.
"""

from __future__ import annotations

import os
import sys
from datetime import date

from coalition.config import read_config
from coalition.logging import configure_logging
from settlement.app import open_night
from settlement.steps.bundles import write_bundles


def main(*, business_date: date, parent: int) -> None:
    """Write bundles until there are none left to take."""
    config = read_config()
    configure_logging(level=config.log_level, output=config.log_format)
    with open_night(config=config) as night:
        write_bundles(
            night=night, business_date=business_date, wanted=lambda: os.getppid() == parent
        )


if __name__ == "__main__":
    main(business_date=date.fromisoformat(sys.argv[1]), parent=int(sys.argv[2]))
