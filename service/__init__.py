"""The shell around the rules. In: a Config. Out: a Flask application with its database, pages and log."""

from __future__ import annotations

import os

from flask import Flask

from service import clock, config, journal, proxies
from service.database import db, engine_options


def create_app(settings: config.Config | None = None) -> Flask:
    """Return the application for these settings (default: the environment's).

    Raises config.Misconfigured.
    """
    from service import models, web

    settings = settings or config.read(os.environ)
    clock.use(settings.clock)
    journal.begin(settings)
    settings.data.mkdir(parents=True, exist_ok=True)
    app = Flask(__name__)
    app.config.update(
        GOODWORD=settings,
        SECRET_KEY=settings.secret,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url),
        SESSION_COOKIE_NAME="goodword",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.base_url.startswith("https://"),
        SESSION_COOKIE_PATH="/console",
        PERMANENT_SESSION_LIFETIME=12 * 3600,
        MAX_CONTENT_LENGTH=8 * 1024 * 1024,
        WTF_CSRF_TIME_LIMIT=None,
    )
    proxies.use(settings.proxies)
    app.wsgi_app = proxies.Proxies(app.wsgi_app)  # type: ignore[method-assign]
    assert models  # imported for the tables it defines
    db.init_app(app)
    web.register(app)
    return app


def settings() -> config.Config:
    """Return the Config of the current application."""
    from flask import current_app

    found: config.Config = current_app.config["GOODWORD"]
    return found
