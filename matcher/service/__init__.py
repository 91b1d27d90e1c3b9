"""The HTTP API for programs and the web pages for people, each caller confined to its owner's."""
