"""Jobs that survive: the row in the database is the truth, the queue only carries its id."""
