"""How near the tracks of a run come to the truth: identities, people, time in scene, attention spans."""
