"""Execution: statements and resolvers run, side by side where they can."""
