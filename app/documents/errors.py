"""The errors of documents, each with a sentence fit to be shown or logged."""


class DocumentError(Exception):
    """Base of all errors of this package; its text is one clear sentence."""


class FactsError(DocumentError):
    """The facts given cannot make a lawful report (for example a possible match without an approval)."""


class RenderError(DocumentError):
    """The document could not be made, or what was made does not hold what it must hold."""


class DeliveryError(DocumentError):
    """The case-management system did not take the document."""


class DeliveryConflict(DeliveryError):
    """Another document already stands under this report number; it is never overwritten."""


class PackageError(DocumentError):
    """The files of a disclosure do not make a package (an unfit name, nothing in it, too large)."""
