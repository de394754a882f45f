"""Pages of matters: the numbers of one case, proposed, linked and parted."""
