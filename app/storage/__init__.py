"""Encryption at rest (ACC-10): data keys, blobs, sealed values, signatures. No Flask, no database."""

from app.storage.blind import INDEX_DIGITS, blind_index, blind_indexes
from app.storage.blobs import BlobRef, BlobStore
from app.storage.durable import batch
from app.storage.errors import (
    BlobCorrupt,
    BlobTooLarge,
    DiskFailure,
    KeyDestroyed,
    NotSealable,
    SigningKeyUnusable,
    StorageError,
    Tampered,
    UnknownBlob,
    UnknownKey,
    WrongMasterKey,
)
from app.storage.keys import KeyStore
from app.storage.masks import masked, unmasked
from app.storage.sealed import canonical_json, open_json, seal_json
from app.storage.signing import Signer, verify_with

__all__ = [
    "INDEX_DIGITS",
    "BlobCorrupt",
    "BlobRef",
    "BlobStore",
    "BlobTooLarge",
    "DiskFailure",
    "KeyDestroyed",
    "KeyStore",
    "NotSealable",
    "Signer",
    "SigningKeyUnusable",
    "StorageError",
    "Tampered",
    "UnknownBlob",
    "UnknownKey",
    "WrongMasterKey",
    "batch",
    "blind_index",
    "blind_indexes",
    "canonical_json",
    "masked",
    "open_json",
    "seal_json",
    "unmasked",
    "verify_with",
]
