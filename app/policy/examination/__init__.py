"""Examination: the worksheet, the background check and opinions, as far as the rules decide them."""
