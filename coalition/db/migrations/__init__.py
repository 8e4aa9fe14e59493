"""The hub's migrations (Alembic): `versions/` in order; `coalition.db.migrate` runs them."""
