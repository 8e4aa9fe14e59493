"""Small manners of processes that a supervisor started."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys

SUPERVISOR_VARIABLE = "COALITION_SUPERVISOR_PID"
_PR_SET_PDEATHSIG = 1


def end_with_supervisor() -> None:
    """Have this process told to stop (SIGTERM) when the supervisor that started it is gone.

    Without effect where there is no supervisor; on systems other than Linux, only a supervisor
    that is gone already is noticed.
    """
    supervisor = os.environ.get(SUPERVISOR_VARIABLE, "")
    if not supervisor.isdigit():
        return
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(supervisor):
        sys.exit("the supervisor is gone")


def spare_the_collector() -> None:
    """Have the garbage collector leave alone what was made while starting, and come less often.

    A request leaves next to no cycles behind, yet by default each few requests all that is young
    is looked at, and now and then the whole application: a sixth of the work of an earn.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
