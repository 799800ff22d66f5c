"""The demo: a third of a million real flights."""
