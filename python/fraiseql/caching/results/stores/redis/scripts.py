"""Scripts that Redis runs atomically."""

from typing import Final

from fraiseql.caching.results.stores.redis.encoding import MAGIC, ORDER, ORDER_END

# Within an epoch, a snapshot that knows fewer transactions is older, and must not replace a newer
# one that was read already. Across epochs there is no order: the last one wins.
PUT: Final = f"""
local old = redis.pcall('GETRANGE', KEYS[1], 0, {ORDER_END - 1})
local new = ARGV[1]
if type(old) == 'string' and #old == {ORDER_END} and old:sub(1, 4) == '{MAGIC.decode()}'
    and old:sub({ORDER + 1}, {ORDER + 16}) == new:sub({ORDER + 1}, {ORDER + 16}) then
  local a, b = struct.unpack('>I4I4', old:sub({ORDER + 17}, {ORDER_END}))
  local c, d = struct.unpack('>I4I4', new:sub({ORDER + 17}, {ORDER_END}))
  if a > c or (a == c and b > d) then return 0 end
end
redis.call('SET', KEYS[1], new, 'PX', ARGV[2])
return 1
"""
"""Store a frame unless a newer one exists; arguments: the frame, its TTL in milliseconds."""

REMOVE: Final = f"""
if redis.pcall('GETRANGE', KEYS[1], 0, {ORDER_END - 1}) ~= ARGV[1] then return 0 end
return redis.call('UNLINK', KEYS[1])
"""
"""Remove a frame unless it was replaced; argument: its beginning."""

RENEW: Final = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""
"""Renew a fill lock; arguments: the holder's token, the lease in milliseconds."""

RELEASE: Final = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
"""
"""Release a fill lock; argument: the holder's token."""
