"""The web layer that every page shares: answers, formats, headers, error pages."""
