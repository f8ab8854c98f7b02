-- Puts one alert into its department's queue and into its firm's case, once, or does nothing.
--
-- KEYS  stream, seen, totals, case, cases, actions, trail, desk, order (one cluster slot)
-- ARGV  1 alert id  2 alert JSON  3 totals field "tier:kind"
--       4 id of the alert before it in this queue and batch ("" for none)
--       5 the case on which the join was decided, JSON ("": none)  6 the case afterwards, JSON
--       7 SIREN  8 the case's score in `cases`
--       9 field of `desk` that counts the month's pushes ("": no push is wanted)  10 the budget
--       11 notice and 12 why, where no push is wanted
--       13 the alert's place in a trace ("": none)
--       14 the case's score in `order` ("": it is not in it)
--       15... names and values for the history; none: nothing is told
-- Gives the new entry's id and the notice, or nil where the alert is there already.

if redis.call('ZSCORE', KEYS[2], ARGV[1]) then
  return false
end

-- The one before failed in this very pipeline (memory, a failover): wait for it, so that order holds.
if ARGV[4] ~= '' and not redis.call('ZSCORE', KEYS[2], ARGV[4]) then
  return redis.error_reply('HELD the alert before this one is not in the queue yet')
end

-- An agent, or another dispatcher, was faster, or an older copy has taken the server's place: the join is decided anew.
local case = redis.call('GET', KEYS[4]) or ''
if case ~= ARGV[5] then
  return redis.error_reply('STALE the case has changed meanwhile')
end

-- A script is not rolled back. What a right, a type or the memory may forbid is tried first, without effect:
-- after these, nothing below can stop between the entry and its case.
redis.call('ZADD', KEYS[2], 'XX', 0, ARGV[1])
redis.call('HINCRBY', KEYS[3], ARGV[3], 0)
redis.call('HINCRBY', KEYS[8], 'alerts', 0)
redis.call('SET', KEYS[4], '', case == '' and 'XX' or 'NX')
redis.call('ZSCORE', KEYS[5], ARGV[7])
redis.call('ZSCORE', KEYS[7], ARGV[1])
redis.call('XLEN', KEYS[6])
redis.call('ZREM', KEYS[9], '')

local entry
if ARGV[13] == '' then
  entry = redis.call('XADD', KEYS[1], '*', 'alert', ARGV[2])
else
  entry = redis.call('XADD', KEYS[1], '*', 'alert', ARGV[2], 'trace', ARGV[13])
end
local moment = string.match(entry, '^%d+')
redis.call('ZADD', KEYS[2], moment, ARGV[1])
redis.call('HINCRBY', KEYS[3], ARGV[3], 1)
redis.call('HINCRBY', KEYS[8], 'alerts', 1)

local notice, why = ARGV[11], ARGV[12]
if ARGV[9] ~= '' then
  if redis.call('HINCRBY', KEYS[8], ARGV[9], 1) <= tonumber(ARGV[10]) then
    notice, why = 'push', ''
  else
    redis.call('HINCRBY', KEYS[8], ARGV[9], -1)
    notice, why = 'digest', 'budget'
  end
end

redis.call('SET', KEYS[4], ARGV[6])
redis.call('ZADD', KEYS[5], ARGV[8], ARGV[7])
if ARGV[14] ~= '' then
  redis.call('ZADD', KEYS[9], ARGV[14], ARGV[7])
else
  redis.call('ZREM', KEYS[9], ARGV[7])
end
if #ARGV > 14 then
  local told = redis.call('XADD', KEYS[6], '*', 'entry', entry, 'notice', notice, 'why', why, unpack(ARGV, 15))
  redis.call('ZADD', KEYS[7], string.match(told, '^%d+'), told)
end
return {entry, notice}
