"""Redis store: entries that several processes, servers and databases share in one Redis.

What is given is asked of PostgreSQL, as for the other stores: Redis holds bodies and labels, and
the label is judged in the reader's own snapshot, taken after the entry was read. Nothing of this
layer is imported unless a declaration says ``store="redis"``: the client is an extra.
"""

from fraiseql.caching.results.stores.redis.store import RedisStore

__all__ = ["RedisStore"]
