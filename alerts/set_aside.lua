-- Takes a pending entry out of its group, with the cause, or does nothing where it is not pending (any more).
--
-- KEYS  stream, aside (one cluster slot)
-- ARGV  group, entry id, cause
-- Gives the id among those set aside, or nil.

local pending = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1)[1]
if not pending then
  return false
end
local alert = ''
local found = redis.call('XRANGE', KEYS[1], ARGV[2], ARGV[2])[1]
for field = 1, found and #found[2] or 0, 2 do
  if found[2][field] == 'alert' then
    alert = found[2][field + 1]
  end
end
-- A script is not rolled back: where there is no room for this entry, it fails here, and it stays pending.
local aside = redis.call('XADD', KEYS[2], '*', 'administration', ARGV[1], 'entry', ARGV[2], 'consumer', pending[2],
  'deliveries', pending[4], 'cause', ARGV[3], 'alert', alert)
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
return aside
