"""Sealed JSON values and the department's signature."""

import multiprocessing
import stat
import threading

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from app.storage import (
    KeyDestroyed,
    KeyStore,
    NotSealable,
    Signer,
    SigningKeyUnusable,
    Tampered,
    canonical_json,
    open_json,
    seal_json,
    verify_with,
)

AAD = b"request.person"
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return KeyStore(tmp_path_factory.mktemp("sealed") / "keys", bytes(32))


@pytest.mark.clause("ACC-10")
@given(value=json_values)
def test_any_value_comes_back_as_it_was(keys, value):
    key_id = keys.create()
    assert open_json(keys, key_id, seal_json(keys, key_id, value, AAD), AAD) == value


def test_the_same_value_has_one_form():
    assert canonical_json({"b": [1, "ä"], "a": None}) == '{"a":null,"b":[1,"ä"]}'.encode()
    assert canonical_json({"a": 1, "b": 2}) == canonical_json({"b": 2, "a": 1})


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), {1: "x"}, {"deep": [{None: 1}]}, b"bytes", {"set": {1}}, object(), "\ud800"],
    # ids by type: every worker of a parallel run must collect the same names
    ids=lambda value: type(value).__name__,
)
def test_what_json_would_change_is_refused(keys, value):
    with pytest.raises(NotSealable):
        seal_json(keys, keys.create(), value, AAD)


def test_a_value_without_end_is_refused():
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(NotSealable):
        canonical_json(endless)


def test_a_sealed_value_is_bound_to_its_purpose_and_key(keys):
    key_id = keys.create()
    box = seal_json(keys, key_id, {"name": "Odalys Penhallow"}, AAD)
    with pytest.raises(Tampered):
        open_json(keys, key_id, box, b"request.other")
    with pytest.raises(Tampered):
        open_json(keys, keys.create(), box, AAD)
    with pytest.raises(Tampered, match="kind of value"):
        open_json(keys, key_id, keys.encrypt(key_id, b"\xff not json", AAD), AAD)
    keys.destroy(key_id)
    with pytest.raises(KeyDestroyed):
        open_json(keys, key_id, box, AAD)


# Signatures


def test_a_signature_holds_for_exactly_what_was_signed(tmp_path):
    signer, stranger = Signer(tmp_path / "one"), Signer(tmp_path / "two")
    signature = signer.sign(b"anchor 12")
    assert signer.verify(b"anchor 12", signature)
    assert verify_with(signer.public_key_pem, b"anchor 12", signature)
    assert not signer.verify(b"anchor 13", signature)
    assert not signer.verify(b"anchor 12", signature[:-1] + bytes([signature[-1] ^ 1]))
    assert not signer.verify(b"anchor 12", b"")
    assert not stranger.verify(b"anchor 12", signature)
    assert stranger.fingerprint != signer.fingerprint


def test_the_key_is_made_once_and_private(tmp_path):
    first, second = Signer(tmp_path), Signer(tmp_path)
    assert first.public_key_pem == second.public_key_pem
    assert second.verify(b"x", first.sign(b"x"))
    assert stat.S_IMODE((tmp_path / "signing-key.pem").stat().st_mode) == 0o600
    assert "PRIVATE" not in first.public_key_pem


def test_first_use_by_several_processes_and_threads_makes_one_key(tmp_path):
    fork = multiprocessing.get_context("fork")
    queue, start = fork.Queue(), fork.Barrier(4)

    def use():
        start.wait(30)
        queue.put(Signer(tmp_path / "new").fingerprint)

    children = [fork.Process(target=use) for _ in range(2)]
    threads = [threading.Thread(target=use) for _ in range(2)]
    for worker in (*children, *threads):
        worker.start()
    assert len({queue.get(timeout=30) for _ in range(4)}) == 1
    for worker in (*children, *threads):
        worker.join(30)


def test_an_unusable_key_file_is_refused_and_kept(tmp_path):
    Signer(tmp_path)
    path = tmp_path / "signing-key.pem"
    path.chmod(0o640)
    with pytest.raises(SigningKeyUnusable, match="0600"):
        Signer(tmp_path)
    path.chmod(0o600)
    elliptic = generate_private_key(SECP256R1())
    other_kind = elliptic.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for content in (b"", b"not a key", other_kind):
        path.write_bytes(content)
        with pytest.raises(SigningKeyUnusable):
            Signer(tmp_path)
        assert path.read_bytes() == content
    public = elliptic.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    for text in (public, "nothing"):
        with pytest.raises(SigningKeyUnusable):
            verify_with(text, b"", b"")
