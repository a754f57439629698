"""Activity: what moves and what differs from the empty scene, people or not, as older tools draw it."""
