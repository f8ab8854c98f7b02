-- Puts an entry that was set aside back among its group's pending ones, so that the next sweep gives it out again.
--
-- KEYS  stream, aside (one cluster slot)
-- ARGV  id among those set aside
-- Gives 'replayed', 'unknown' (no such id), 'trimmed' (the stream has it no more) or 'no group'.

local found = redis.call('XRANGE', KEYS[2], ARGV[1], ARGV[1])[1]
if not found then
  return 'unknown'
end
local facts = {}
for field = 1, #found[2], 2 do
  facts[found[2][field]] = found[2][field + 1]
end
if #redis.call('XRANGE', KEYS[1], facts['entry'], facts['entry']) == 0 then
  return 'trimmed'
end
-- As if delivered in 1970, and never since: however long an entry must lie idle, the next sweep takes it.
local claim = redis.pcall('XCLAIM', KEYS[1], facts['administration'], facts['consumer'], 0, facts['entry'],
  'TIME', 0, 'RETRYCOUNT', 0, 'FORCE', 'JUSTID')
if claim['err'] then
  return string.find(claim['err'], 'NOGROUP', 1, true) and 'no group' or redis.error_reply(claim['err'])
end
-- Nobody reads this stream by a group: taking single entries out of it harms nobody.
redis.call('XDEL', KEYS[2], ARGV[1])
return 'replayed'
