"""What every page shares: answers, formats, headers, error pages."""
