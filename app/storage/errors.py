"""What can go wrong in storage. Its sentences may be shown to users: none names a person."""


class StorageError(Exception):
    """Something stored cannot be written, read or trusted; the message is one clear sentence."""


class DiskFailure(StorageError):
    """The disk refused to read or write: full, failing, or not open to this account."""


class UnknownKey(StorageError):
    """No data key with this id was ever made here."""


class KeyDestroyed(StorageError):
    """The data key was destroyed on purpose: what it protected is gone for good."""


class WrongMasterKey(StorageError):
    """The key store, or one key in it, is wrapped under another master key than the one configured."""


class Tampered(StorageError):
    """An authenticity check failed: the bytes, the purpose or the key are not those it was sealed with."""


class NotSealable(StorageError):
    """A value has no canonical JSON form and so cannot be sealed."""


class UnknownBlob(StorageError):
    """No blob with this id is stored: it was never written or has been destroyed."""


class BlobCorrupt(StorageError):
    """A stored blob is damaged, altered, or not the content its record promises."""


class BlobTooLarge(StorageError):
    """The content is larger than the store accepts."""


class SigningKeyUnusable(StorageError):
    """The signing key file is unreadable, of another kind, or open to other accounts of the machine."""
