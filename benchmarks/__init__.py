"""Measures accuracy and speed of the matcher; runs from a clone with `python -m benchmarks`."""
