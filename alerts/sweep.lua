-- Gives a group's pending entries that nobody acknowledges to a consumer. As XAUTOCLAIM, but that tells poison from what
-- is merely late: entries delivered too often are listed, not given out again. And pending entries that are no longer
-- in the stream are acknowledged, which Redis 6.2 would keep pending for ever.
--
-- KEYS  stream
-- ARGV  group, consumer, idle for so many ms, deliveries that are too many, first pending entry looked at, how many,
--       only those of this consumer ('' for all)
-- Gives the entries claimed, {id, consumer, idle ms, deliveries} of those delivered too often, the number that was gone,
-- and where to look on ('' at the end).

local look = {'XPENDING', KEYS[1], ARGV[1], 'IDLE', ARGV[3], ARGV[5], '+', ARGV[6]}
if ARGV[7] ~= '' then
  table.insert(look, ARGV[7])
end
local pending = redis.call(unpack(look))
local claimed, poison, gone = {}, {}, 0
for _, entry in ipairs(pending) do
  if #redis.call('XRANGE', KEYS[1], entry[1], entry[1]) == 0 then
    gone = gone + redis.call('XACK', KEYS[1], ARGV[1], entry[1])
  elseif entry[4] >= tonumber(ARGV[4]) then
    table.insert(poison, entry)
  else
    table.insert(claimed, redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, entry[1])[1])
  end
end
local more = #pending == tonumber(ARGV[6])
return {claimed, poison, gone, more and '(' .. pending[#pending][1] or ''}
