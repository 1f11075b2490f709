"""Whether the agent tells what it should: a hundred cases, for a model or for replayed answers."""
