"""Measurements of fuzzgen itself."""
