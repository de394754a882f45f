"""The personas of the sweep: each role of roles.toml by a real account, and each part a person can have in a request.

`PARTS` says what the persona is to the requests of the sweep's world (tests/sweep/world.py).
"""

from __future__ import annotations

#: persona -> account; None is somebody who is not signed in
PERSONAS: dict[str, str | None] = {
    "anonymous": None,
    # an investigator who has not accepted the terms
    "no_terms": "i.kestrel",
    # filed every request of the world but the colleague's
    "requester": "d.lark",
    # another investigator; filed the request "colleague" alone
    "colleague": "m.heron",
    # named in every request of the world
    "named_supervisor": "s.alder",
    "other_supervisor": "t.birch",
    # assigned to every request of the world
    "examiner": "k.rowan",
    # gave an opinion on every round, the one of "nominated" included
    "peer_done": "j.maple",
    # gave an opinion on every round but the one of "nominated"
    "peer": "n.finch",
    # trained, without any part
    "free_examiner": "a.plover",
    # in the examiners' group without a training record
    "untrained": "o.teal",
    # decided on every request that was decided
    "supervisor": "c.hawthorn",
    "free_supervisor": "v.osprey",
    # member of the Intelligence Bureau's group and of no other
    "bureau": "p.puffin",
    "executive": "r.falcon",
    # approved the disposal "once_approved", placed the hold "other_hold"
    "privacy": "y.hazel",
    # keeps every record of the world, proposed its disposals, placed the hold "hold"
    "records": "b.juniper",
    # another records officer, without any part
    "other_records": "p.aspen",
    "integrity": "h.larch",
    "auditor": "w.sparrow",
    "administrator": "f.spruce",
    "agency": "x.magpie",
}
#: groups a persona is given for the sweep where no account of the demonstration has exactly them
GROUPS = {"bureau": ["intelligence-bureau"]}
SIGNED_IN = [name for name, account in PERSONAS.items() if account is not None]
