"""Predictions of ``fraiseql advise`` beside measurements."""
