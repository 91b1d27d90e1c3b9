"""Tests of training/text_finder."""
