"""The SQL of settlement, over its own tables and the selectables of the hub's feed."""
