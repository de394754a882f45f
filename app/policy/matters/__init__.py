"""Matters: what makes two numbers likely to be of one matter, judged on words alone. Free of Flask and the database."""
