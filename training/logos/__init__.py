"""Trains the logo detector and the logo embedder on made scenes: real artwork on real photos."""
