"""Measurements, kept apart from what they measure."""
