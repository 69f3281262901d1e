"""A run: plan, budget, order, confirmation, resume; wires the rooms and yields typed events."""
