"""caching: what is declared to be kept is defined, applied, refreshed and verified."""
