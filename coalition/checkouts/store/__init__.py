"""The SQL of checkouts: connections, the inbox, orders."""
