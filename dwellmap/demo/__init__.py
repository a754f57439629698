"""The demo shop: made-up footage of a shop whose every truth is known."""
