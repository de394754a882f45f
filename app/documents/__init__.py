"""Official documents: frozen facts in, PDF bytes out, and their delivery into the case file.

Knows neither the database nor Flask: whoever prepares a report gathers
:class:`~app.documents.approval.facts.ReportFacts`.
"""
