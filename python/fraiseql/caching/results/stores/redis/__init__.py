"""Redis store: entries that several processes, servers and databases share.

Redis holds bodies and labels. PostgreSQL validates the label, as for the other stores, in the
reader's own snapshot, which is taken after the entry was read. This package is imported only for
``store="redis"``: the client is an extra.
"""

from fraiseql.caching.results.stores.redis.store import RedisStore, open_store

__all__ = ["RedisStore", "open_store"]
