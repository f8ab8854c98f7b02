-- Sets right where a firm's case stands in the order of the list, unless the case has changed meanwhile.
--
-- KEYS  case, order (one cluster slot)
-- ARGV  1 the version of the case that was looked at ("0": no case)  2 SIREN  3 its score in `order` ("": none)

local case = redis.call('GET', KEYS[1])
local version = case and cjson.decode(case).version or 0
if version ~= tonumber(ARGV[1]) then
  return 0
end
if ARGV[3] ~= '' then
  redis.call('ZADD', KEYS[2], ARGV[3], ARGV[2])
else
  redis.call('ZREM', KEYS[2], ARGV[2])
end
return 1
