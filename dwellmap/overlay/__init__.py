"""A run over the camera's picture: maps, trails, people's heat, and how the maps build up."""
