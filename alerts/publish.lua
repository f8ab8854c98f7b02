-- Puts one alert into its department's queue, once, or does nothing.
--
-- KEYS  stream, seen, totals (one cluster slot)
-- ARGV  alert id, alert JSON, totals field "tier:kind", id of the alert before it in this queue and batch ("" for none)
-- Gives the new entry's id, or nil where the alert is there already.

if redis.call('ZSCORE', KEYS[2], ARGV[1]) then
  return false
end

-- The one before failed in this very pipeline (memory, a failover): wait for it, so that order holds.
if ARGV[4] ~= '' and not redis.call('ZSCORE', KEYS[2], ARGV[4]) then
  return redis.error_reply('HELD the alert before this one is not in the queue yet')
end

-- A script is not rolled back. What a right, a type or the memory may forbid is tried first, without effect:
-- after these two, nothing below can stop between the entry and its id.
redis.call('ZADD', KEYS[2], 'XX', 0, ARGV[1])
redis.call('HINCRBY', KEYS[3], ARGV[3], 0)

local entry = redis.call('XADD', KEYS[1], '*', 'alert', ARGV[2])
redis.call('ZADD', KEYS[2], string.match(entry, '^%d+'), ARGV[1])
redis.call('HINCRBY', KEYS[3], ARGV[3], 1)
return entry
