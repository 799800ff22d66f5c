"""Definitions: what a type's document holds, as SQL over base tables."""
