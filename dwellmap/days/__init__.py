"""The days of a camera: recordings that follow each other, and the people who are in several of them."""
