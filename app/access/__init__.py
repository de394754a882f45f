"""Who may do what: the directory, sessions, the guard, and what each person may know of."""

from app.access.actor import Actor, current_actor, system_actor
from app.access.guard import needs, public
from app.access.scoping import visible

__all__ = ["Actor", "current_actor", "needs", "public", "system_actor", "visible"]
