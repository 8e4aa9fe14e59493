"""The steps of the night: each is one unit of work, recorded in the transaction that holds it."""
