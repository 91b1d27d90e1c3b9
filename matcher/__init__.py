"""Finds likely counterfeits by comparing listings' photos with brands' reference images."""

__version__ = "0.1.0"
