"""The index of this process: one for each network and kind, loaded once, brought up to date before each search."""

from __future__ import annotations

from flask import current_app

from app.domain.algorithms import networks
from app.domain.gallery import index_snapshot
from app.domain.gallery.repository_index import RepositoryIndex
from app.extensions import settings
from app.matching.extractor import TemplateExtractor


def repository(network: TemplateExtractor | None = None, kind: str = "") -> RepositoryIndex:
    """The index of one network (by default the one in use) in this process; each search brings it up to date first.

    Indexes of several networks stand side by side. kind: another index than the one that the settings name.
    Raises MatchingError when it cannot be had.
    """
    network = network or networks.extractor()
    return repository_of(network.digest, network.entry.dims, kind)


def repository_of(digest: str, dims: int, kind: str = "") -> RepositoryIndex:
    """The same by the network's SHA-256 and the length of its templates: the network itself need not be installed."""
    chosen = settings()
    kind = kind or chosen.matching_index
    held = current_app.extensions.setdefault("repository", {})
    if (digest, kind) not in held:
        made = RepositoryIndex.empty(
            digest, dims, kind=kind, threads=chosen.network_threads, milvus_uri=chosen.milvus_uri
        )
        if kind == "faiss":
            made.on_removal = index_snapshot.forget
            index_snapshot.restore(made)
        held[digest, kind] = made
    return held[digest, kind]
