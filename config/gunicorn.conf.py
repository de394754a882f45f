"""The portal's web server: `gunicorn -c config/gunicorn.conf.py wsgi:app`; every value comes from the settings.

Settings, rules and views are read in the first process, before any worker is forked: what is wrong with them is told
once and ends the server, instead of ending every worker that is started in place of the last one.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

# found only once the checkout is on the path
from config.checks import in_brackets  # noqa: E402
from config.settings import Settings, SettingsError  # noqa: E402

try:
    _settings = Settings.from_env(os.environ)
except SettingsError as error:
    print(error, file=sys.stderr)
    raise SystemExit(2) from None

bind = f"{in_brackets(_settings.listen_host)}:{_settings.listen_port}"
certfile = str(_settings.tls_cert) if _settings.tls_cert else None
keyfile = str(_settings.tls_key) if _settings.tls_key else None

chdir = str(ROOT)
wsgi_app = "wsgi:app"
preload_app = True

workers = _settings.web_workers
# threads, because a request may wait for the directory, and a download for whoever takes it
worker_class = "gthread"
threads = _settings.web_threads
timeout = _settings.web_timeout_seconds
graceful_timeout = _settings.web_graceful_seconds
keepalive = _settings.web_keepalive_seconds

# which proxy is believed, and how far, is said by TRUSTED_PROXY_HOPS alone
secure_scheme_headers: dict[str, str] = {}
control_socket_disable = True

accesslog = "-"
# the path without its query, in which people's names may stand that somebody searched for (ACC-10)
access_log_format = '%(h)s %(t)s %(p)s "%(m)s %(U)s %(H)s" %(s)s %(B)s %(M)sms'


def post_fork(server: Any, worker: Any) -> None:
    """Leave connections that the first process may have made to it: two processes must not share one."""
    from app.extensions import db

    portal = worker.app.wsgi()
    with portal.app_context():
        db.engine.dispose(close=False)
