"""Other libraries on the same photos: measured in an environment of their own, never depended on."""
