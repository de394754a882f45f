"""Measurements beside the portal: benchmarks, populations, quality tables. Casework does not install them."""
