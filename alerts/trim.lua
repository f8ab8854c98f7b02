-- Takes from a queue what is older than the retention and no consumer group still needs; forgets ids that cannot come
-- again. In one step: a group that is made meanwhile finds either all of it or none.
--
-- KEYS  stream, seen (one cluster slot)
-- ARGV  retention in milliseconds (0: for ever); ids that landed before this time (ms) cannot come again (0: any can)
-- Gives the entries left, the entries taken, the ids forgotten, and the group that holds older entries back, or ''.

if redis.call('EXISTS', KEYS[1]) == 0 then
  return {0, 0, 0, ''}
end

local function place(id)
  local milliseconds, number = string.match(id, '^(%d+)-(%d+)$')
  return {id = id, milliseconds = tonumber(milliseconds), number = tonumber(number)}
end

local function earlier(one, other)
  if one.milliseconds == other.milliseconds then
    return one.number < other.number
  end
  return one.milliseconds < other.milliseconds
end

local taken, holder = 0, ''
local retention = tonumber(ARGV[1])
if retention > 0 then
  -- The server's own clock, as the entries' ids are.
  local time = redis.call('TIME')
  local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  local oldest = place(string.format('%.0f-0', math.max(0, now - retention)))
  local cut = oldest
  for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
    local facts = {}
    for field = 1, #group, 2 do
      facts[group[field]] = group[field + 1]
    end
    -- What lies behind the last entry delivered, and what is pending, which may be earlier.
    local delivered = place(facts['last-delivered-id'])
    local needed = place(string.format('%.0f-%.0f', delivered.milliseconds, delivered.number + 1))
    local pending = redis.call('XPENDING', KEYS[1], facts['name'])
    if pending[1] > 0 and earlier(place(pending[2]), needed) then
      needed = place(pending[2])
    end
    if earlier(needed, cut) then
      cut, holder = needed, facts['name']
    end
  end
  -- Exact: with `~`, and on Redis 8 with ACKED besides, a server may take nothing for long.
  taken = redis.call('XTRIM', KEYS[1], 'MINID', '=', cut.id)
  local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
  if not first or not earlier(place(first[1]), oldest) then
    holder = ''
  end
end

local forgotten = 0
local forgettable = tonumber(ARGV[2])
if forgettable > 0 then
  -- An entry that is there must be found by its id.
  local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
  if first then
    forgettable = math.min(forgettable, place(first[1]).milliseconds)
  end
  forgotten = redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('(%.0f', forgettable))
end

return {redis.call('XLEN', KEYS[1]), taken, forgotten, holder}
