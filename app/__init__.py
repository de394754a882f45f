"""Corroborate: facial recognition requests, worked exactly as the published policy demands.

Importing this package loads nothing: `app.factory` builds the portal.
"""
