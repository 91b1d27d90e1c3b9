"""Vector galleries on disk: unit vectors in, neighbours out; knows no brand and no image."""
