"""Checks of settings that must fit each other: each finding is the setting to mend and a sentence about it."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from config.checks import a_sender

Findings = Iterator[tuple[str, str]]

#: Takes what was read, by field, and the fields that have a fault of their own.
Together = Callable[[Mapping[str, Any], Collection[str]], Findings]


def keys_apart_from_blobs(read: Mapping[str, Any], faulty: Collection[str]) -> Findings:
    if read["key_store_dir"].resolve().is_relative_to(read["blob_dir"].resolve()):
        yield "key_store_dir", "must lie outside BLOB_DIR: keys kept beside what they lock erase nothing"


def index_server(read: Mapping[str, Any], faulty: Collection[str]) -> Findings:
    if read["matching_index"] == "milvus" and not read["milvus_uri"]:
        yield "milvus_uri", "must name a Milvus server: CORROBORATE_INDEX=milvus keeps templates there"


def certificate(read: Mapping[str, Any], faulty: Collection[str]) -> Findings:
    """Load both as the web server will: it would start with any file and then refuse every connection."""
    cert, key = read["tls_cert"], read["tls_key"]
    if (cert is None) != (key is None):
        yield "tls_cert", "TLS_CERT and TLS_KEY belong together; set both or neither"
    elif cert and cert.is_file() and key.is_file():
        try:
            # no passphrase is asked for: nobody sits before a server that starts
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password=lambda: b"")
        except (OSError, ValueError) as error:
            yield "tls_cert", f"the server cannot use {cert} with the key {key}: {error}"


def document_key(read: Mapping[str, Any], faulty: Collection[str]) -> Findings:
    if (read["pdf_signing_certificate"] is None) != (read["pdf_signing_key"] is None):
        yield (
            "pdf_signing_certificate",
            "PDF_SIGNING_CERTIFICATE and PDF_SIGNING_KEY belong together; set both or neither",
        )


def another_master_key(read: Mapping[str, Any], faulty: Collection[str]) -> Findings:
    if read["master_key_before"] is not None and read["master_key_before"] == read.get("master_key"):
        yield "master_key_before", "is the key of CORROBORATE_MASTER_KEY itself; a change needs a new one there"


def mail_sender(read: Mapping[str, Any], faulty: Collection[str]) -> Findings:
    if read["smtp_url"] and not a_sender(read["smtp_sender"]):
        yield "smtp_sender", "must be the address that mail comes from, such as portal@corroborate.example"


def below_the_base(read: Mapping[str, Any], faulty: Collection[str]) -> Findings:
    base = read.get("ldap_base_dn", "")
    for name in ("ldap_people_dn", "ldap_groups_dn"):
        if not read[name].lower().endswith(base.lower()):
            yield name, f"must lie below LDAP_BASE_DN ({base})"


def encrypted_by_somebody(read: Mapping[str, Any], faulty: Collection[str]) -> Findings:
    if read["tls_cert"] is None and not read["trusted_proxy"] and "trusted_proxy" not in faulty:
        yield "tls_cert", "set TLS_CERT and TLS_KEY, or TRUSTED_PROXY_HOPS where a proxy ends TLS (ACC-10)"


EVERYWHERE: tuple[Together, ...] = (
    keys_apart_from_blobs,
    index_server,
    certificate,
    document_key,
    another_master_key,
    mail_sender,
    below_the_base,
)
IN_CASEWORK: tuple[Together, ...] = (encrypted_by_somebody,)
