"""Judging text, read or typed: folding of spellings, wordmarks and their near misses, claims, categories.

Knows words only: no photo, no listing, no weight.
"""
