"""Result caches: stored answers, returned while they equal the live answer."""
