"""Sends one mail (RFC 5321, RFC 3207). Whatever the mail server does, the request that asked for it is long answered.

A mail that was accepted just before a crash is sent again; its Message-ID is the same. What is kept of a failure says
nothing about the recipient: it is read by administrators.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from sqlalchemy import select

from app.access.directory import DirectoryUnavailable, lookup
from app.clauses import enforces
from app.domain.notices.mail import JOB, compose
from app.extensions import db, settings
from app.jobs.registry import JobFailed, Retry, handles
from app.models.engine import Job
from app.models.oversight import Notification
from config.checks import is_loopback

#: at 2, 4, 8 … then every 300 seconds: some hour and a half
TIMEOUT_SECONDS = 20
PORTS = {"smtp": 587, "smtps": 465}
CAUSES: dict[type[Exception], str] = {
    smtplib.SMTPNotSupportedError: "it does not offer STARTTLS",
    ssl.SSLCertVerificationError: "its certificate is not trusted",
    ConnectionRefusedError: "nothing listens at its address",
    socket.gaierror: "its name is not known",
    TimeoutError: "it does not answer in time",
}
#: RFC 5321, 4.2.1: the server will say the same tomorrow
PERMANENT = 500


@handles(JOB)
def send_mail(row: Job) -> None:
    """Send the mail of a notification to the address the directory has now; nothing to whoever is no longer enabled.

    Raises Retry while directory or mail server do not answer, JobFailed when the mail server refuses the mail.
    """
    notification = db.session.scalars(select(Notification).where(Notification.uid == row.subject_id)).one_or_none()
    if notification is None:
        return
    try:
        entry = lookup(notification.account.name)
    except DirectoryUnavailable as error:
        raise Retry(str(error)) from error
    if entry is None or not entry.enabled:
        return
    if not entry.mail:
        raise JobFailed("The directory holds no e-mail address for the person.")
    try:
        message = compose(notification, entry.mail)
    except ValueError as error:
        raise JobFailed("The directory holds an e-mail address that is none.") from error
    db.session.rollback()  # no transaction is held open while the server is talked to
    deliver(message)


def deliver(message: EmailMessage) -> None:
    """Hand the mail to the server of SMTP_URL. Raises Retry, JobFailed."""
    if not settings().smtp_url:
        raise JobFailed("No mail server is set (SMTP_URL).")
    try:
        with _server() as server:
            server.send_message(message)
    except smtplib.SMTPAuthenticationError as error:
        raise Retry(f"The mail server refused the portal's own sign-in ({error.smtp_code}).") from error
    except smtplib.SMTPRecipientsRefused as error:
        _refused(max(code for code, _ in error.recipients.values()), error)
    except smtplib.SMTPResponseException as error:
        _refused(error.smtp_code, error)
    except (smtplib.SMTPException, OSError) as error:
        raise Retry(f"The mail server cannot be used: {_named(error)}.") from error


def _refused(code: int, error: Exception) -> None:
    sentence = f"The mail server refused the mail ({code})."
    raise (JobFailed(sentence) if code >= PERMANENT else Retry(sentence)) from error


def _named(error: Exception) -> str:
    """What went wrong, without words of the server, which may repeat an address."""
    return next((words for kind, words in CAUSES.items() if isinstance(error, kind)), type(error).__name__)


@contextmanager
@enforces("ACC-10")
def _server() -> Iterator[smtplib.SMTP]:
    """An encrypted connection, its certificate checked; in the clear only to a server on this very machine."""
    parts = urlsplit(settings().smtp_url)
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    ca_file = settings().smtp_ca_file
    context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    if parts.scheme == "smtps":
        opened: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_SECONDS, context=context)
    else:
        opened = smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)
    with opened as server:
        if parts.scheme == "smtp":
            server.ehlo()
            if server.has_extn("starttls") or not is_loopback(host):
                server.starttls(context=context)
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        yield server
