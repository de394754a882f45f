"""Access control: the directory, sessions, the guard, and the scope of what each person may see."""

from app.access.actor import Actor, current_actor, system_actor
from app.access.guard import needs, public
from app.access.scoping import visible

__all__ = ["Actor", "current_actor", "needs", "public", "system_actor", "visible"]
