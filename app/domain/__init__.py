"""The department's verbs, one package for each area. A verb raises; the view turns what it raises into a page."""
