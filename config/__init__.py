"""Settings from the environment, the model catalogue and the policy files."""
