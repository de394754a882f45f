"""The builder of the portal. It refuses an inconsistent policy file, a missing condition or a view that
declares no access, all stop it here."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from flask import Flask, Response, send_from_directory

from app import logs, models  # noqa: F401  (the tables must be known before migrations and mappers)
from app.access.directory import init_directory
from app.access.guard import check_views, public
from app.access.sessions import init_sessions
from app.blueprints import register_blueprints
from app.blueprints.review.examination.viewer_keys import clashes
from app.blueprints.review.examination.worksheet_keys import key_faults
from app.blueprints.review.identification.preparation_controls import control_faults
from app.cli import register_commands
from app.context import register_context
from app.domain import rules  # noqa: F401  (registers every condition and separation)
from app.domain.identification.recipes import mismatches
from app.extensions import Stores, csrf, db, htmx, migrate
from app.policy import PolicyError, check_registered, days_run_in, policy
from app.refusals import register_refusals
from app.storage.blobs import BlobStore
from app.storage.certificates import DocumentKey
from app.storage.errors import StorageError
from app.storage.keys import KeyStore
from app.storage.signing import Signer
from app.typed import BoundedInteger
from app.unit_of_work import install_write_guard
from app.web.bodies import register_bodies
from app.web.errors import register_errors
from app.web.headers import register_headers
from app.workflow.registry import CONDITIONS, SEPARATIONS
from config.settings import Settings, SettingsError


def create_app(settings: Settings) -> Flask:
    """The portal for these settings. Raises PolicyError, Undeclared, SettingsError, StorageError."""
    logs.configure()
    days_run_in(ZoneInfo(settings.time_zone))
    check_registered(policy(), set(CONDITIONS), set(SEPARATIONS))
    if faults := [*mismatches(policy()), *control_faults(policy()), *key_faults(policy()), *clashes(policy())]:
        raise PolicyError(faults)
    app = Flask(__name__, static_folder=None)
    app.url_map.converters["int"] = BoundedInteger
    app.config.update(_flask_config(settings))
    app.extensions["settings"] = settings
    app.extensions["stores"] = open_stores(settings)
    db.init_app(app)
    with app.app_context():
        install_write_guard(db.engine)
    migrate.init_app(app, db, directory=str(_root() / "migrations"))
    register_bodies(app)
    csrf.init_app(app)
    htmx.init_app(app)
    init_directory(app)
    init_sessions(app)
    _serve_static(app)
    register_headers(app)
    register_errors(app)
    register_refusals(app)
    register_context(app)
    register_blueprints(app)
    register_commands(app)
    _trust_proxy(app, settings)
    check_views(app)
    return app


def _root() -> Path:
    return Path(__file__).resolve().parents[1]


def _flask_config(settings: Settings) -> dict[str, object]:
    return {
        "SECRET_KEY": settings.secret_key,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SESSION_COOKIE_NAME": "corroborate",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Strict",
        "SESSION_COOKIE_SECURE": settings.secure_cookies,
        # one image of 25 MB and its form fields; the policy's own limit gives the clearer message below this
        "MAX_CONTENT_LENGTH": policy().request.images.max_bytes + 2 * 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 1024 * 1024,
        "WTF_CSRF_TIME_LIMIT": settings.session_hours * 3600,
        "WTF_CSRF_SSL_STRICT": settings.secure_cookies,
    }


def open_stores(settings: Settings) -> Stores:
    """The key store, the blob store and the signing keys of these settings; made where they do not exist yet.

    Raises StorageError, and SettingsError when the department's own key and certificate for documents cannot be used.
    """
    keys = KeyStore(settings.key_store_dir, settings.master_key, settings.master_key_before)
    own = (settings.pdf_signing_key, settings.pdf_signing_certificate)
    documents = DocumentKey(settings.data_dir, settings.department, *own)
    try:
        # the first document must not be the one to tell
        documents.check()
    except StorageError as fault:
        raise SettingsError([f"PDF_SIGNING_CERTIFICATE: {fault}"]) from None
    return Stores(keys, BlobStore(settings.blob_dir, keys), Signer(settings.data_dir), documents)


def _serve_static(app: Flask) -> None:
    folder = str(_root() / "app" / "static")

    @public("style sheets, scripts and fonts tell nobody anything")
    def static(filename: str) -> Response:
        return send_from_directory(folder, filename, max_age=3600)

    app.static_folder = folder
    app.add_url_rule("/static/<path:filename>", "static", static)


def _trust_proxy(app: Flask, settings: Settings) -> None:
    if settings.trusted_proxy:
        from werkzeug.middleware.proxy_fix import ProxyFix

        hops = settings.trusted_proxy
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]  # Flask's own way
