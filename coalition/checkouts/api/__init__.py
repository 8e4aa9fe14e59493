"""Routes of checkouts: connections, their messages, and the door for the platforms."""
