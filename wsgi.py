"""The portal as a WSGI application: `gunicorn wsgi:app`, `flask --app wsgi`."""

import os
import sys

from app.factory import create_app
from app.policy import PolicyError
from app.storage.errors import StorageError
from config.settings import Settings, SettingsError

try:
    app = create_app(Settings.from_env(os.environ))
except (SettingsError, PolicyError, StorageError) as error:
    print(error, file=sys.stderr)
    raise SystemExit(2) from None
except OSError as error:
    where = error.filename or "its data"
    print(f"The portal cannot use {where} ({error.strerror or error}); see CORROBORATE_DATA_DIR.", file=sys.stderr)
    raise SystemExit(2) from None
