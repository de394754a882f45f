"""The demonstration: invented people and the services it brings along. Never used for casework."""
