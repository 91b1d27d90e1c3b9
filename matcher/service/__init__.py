"""The HTTP API: brands, catalogues, checks and reviews for programs, each caller confined to its owner's."""
