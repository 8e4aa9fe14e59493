"""What would have been: replays of the past under other terms, which write nothing."""
