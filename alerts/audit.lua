-- Appends one entry to the audit log, if the writer has built it on the last one, and then drops what is old.
--
-- KEYS  head (a hash: the last entry's number and hash)
-- ARGV  log (a stream), hash that the entry builds on, entry, its hash, its number, first stream id to keep ("" for all)
-- Gives the new entry's id; where the hash is not that of the last entry {number, hash, seconds, microseconds} instead.
--
-- The log is no key of the script: Redis would ask for the right to read it, which a writer must not have.

local head = redis.call('HMGET', KEYS[1], 'seq', 'hash')
local last = head[2] or ''
if last ~= ARGV[2] then
  local now = redis.call('TIME')
  return {head[1] or '0', last, now[1], now[2]}
end

-- A script is not rolled back: this write without effect fails where a right, a type or the memory would.
redis.call('HSET', KEYS[1], 'hash', last)

local id = redis.call('XADD', ARGV[1], '*', 'entry', ARGV[3], 'hash', ARGV[4])
redis.call('HSET', KEYS[1], 'seq', ARGV[5], 'hash', ARGV[4])
if ARGV[6] ~= '' then
  redis.call('XTRIM', ARGV[1], 'MINID', ARGV[6])
end
return id
