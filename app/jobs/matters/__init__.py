"""Jobs on matters: what is compared once a request is filed."""
