"""A process that helps to write the bundles of a large night.

`python -m settlement.worker DATE PART PARTS PARENT`, with the configuration in the environment.
It writes its part of the statements, and ends then, or when the process that started it is gone.
"""

from __future__ import annotations

import os
import sys
from datetime import date

from coalition.config import read_config
from coalition.logging import configure_logging
from settlement.app import open_night
from settlement.steps.bundles import write_bundles


def main(*, business_date: date, share: tuple[int, int], parent: int) -> None:
    """Write a share of the bundles of a date."""
    config = read_config()
    configure_logging(level=config.log_level, output=config.log_format)
    with open_night(config=config) as night:
        write_bundles(
            night=night,
            business_date=business_date,
            share=share,
            wanted=lambda: os.getppid() == parent,
        )


if __name__ == "__main__":
    _day, _part, _parts, _parent = sys.argv[1:]
    main(
        business_date=date.fromisoformat(_day),
        share=(int(_part), int(_parts)),
        parent=int(_parent),
    )
