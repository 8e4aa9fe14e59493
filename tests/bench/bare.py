"""What HTTP is measured against: a bare Flask route that inserts one row and commits."""

from __future__ import annotations

import os

from flask import Flask, Response, jsonify, request
from sqlalchemy import text

from coalition.db.engine import create_engine_for

TABLE = (
    "CREATE TABLE IF NOT EXISTS bare_row (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
    " name text NOT NULL, amount text NOT NULL)"
)
_INSERT = text("INSERT INTO bare_row (name, amount) VALUES (:name, :amount)")


def create_app() -> Flask:
    """One route, one engine, nothing else."""
    app = Flask("bare")
    engine = create_engine_for(os.environ["DATABASE_URL"], pool_size=16)

    @app.put("/rows/<name>")
    def put_row(name: str) -> tuple[Response, int]:
        body = request.get_json()
        with engine.begin() as connection:
            connection.execute(
                _INSERT, {"name": name, "amount": body["lines"][0]["amount"]["amount"]}
            )
        return jsonify({"name": name}), 201

    return app
