"""Result caches: answers that are kept as text, and given while they equal the live answer."""
