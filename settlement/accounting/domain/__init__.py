"""The arithmetic of breakage and deferred revenue: exact, deterministic, no input or output."""
