"""Training of the text finder: a small network that says where in a photo there may be writing."""
