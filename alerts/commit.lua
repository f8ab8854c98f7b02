-- Writes one change of a case that was decided elsewhere, unless the case has changed meanwhile.
--
-- KEYS  case, cases, actions, trail, desk, order (one cluster slot)
-- ARGV  1 the version on which the change was decided ("0": no case)  2 the case afterwards, JSON
--       3 SIREN  4 the case's score in `cases`, and 5 in `order` ("": it is not in it)
--       6 field of `desk` that must hold 7 ("" for absent) and then holds 8; "": none
--       9 how many counts of `desk` change, then as many fields and steps
--       ... names and values for the history; none: nothing is told
-- Gives the id of the entry in the history ("" for none), or nil and the case as it stands.

local case = redis.call('GET', KEYS[1])
local version = case and cjson.decode(case).version or 0
if version ~= tonumber(ARGV[1]) then
  return {false, case}
end
if ARGV[6] ~= '' and (redis.call('HGET', KEYS[5], ARGV[6]) or '') ~= ARGV[7] then
  return {false, case}
end

-- Tried first, without effect, as in publish.lua.
redis.call('SET', KEYS[1], case or '', 'XX')
redis.call('HINCRBY', KEYS[5], 'alerts', 0)
redis.call('ZSCORE', KEYS[4], '')
redis.call('XLEN', KEYS[3])
redis.call('ZREM', KEYS[6], '')
redis.call('ZADD', KEYS[2], ARGV[4], ARGV[3])

local told = ''
local last = 9 + 2 * tonumber(ARGV[9])
if #ARGV > last then
  told = redis.call('XADD', KEYS[3], '*', unpack(ARGV, last + 1))
  redis.call('ZADD', KEYS[4], string.match(told, '^%d+'), told)
end
redis.call('SET', KEYS[1], ARGV[2])
if ARGV[5] ~= '' then
  redis.call('ZADD', KEYS[6], ARGV[5], ARGV[3])
else
  redis.call('ZREM', KEYS[6], ARGV[3])
end
if ARGV[6] ~= '' then
  redis.call('HSET', KEYS[5], ARGV[6], ARGV[8])
end
for place = 10, last, 2 do
  redis.call('HINCRBY', KEYS[5], ARGV[place], ARGV[place + 1])
end
return {told, false}
