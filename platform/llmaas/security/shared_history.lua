-- One prompt of a key joins its history; the rules are those of `History.and_then`.
-- KEYS: histories (a hash), when each was last used (a sorted set); both in one slot.
-- ARGV: now_ms, key, digest, trace, short, window_ms, ttl_ms, capacity, traces kept
-- Returns how often the prompt was now sent in a row, then the traces before it.
local now, key, digest, trace, short = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4], ARGV[5] == '1'
local window, ttl = tonumber(ARGV[6]), tonumber(ARGV[7])
local capacity, kept = tonumber(ARGV[8]), tonumber(ARGV[9])

local function forget(keys)
  if #keys > 0 then
    redis.call('HDEL', KEYS[1], unpack(keys))
    redis.call('ZREM', KEYS[2], unpack(keys))
  end
end

-- `ttl` after its last use a history is gone; a clock that stands a little behind changes nothing.
forget(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. (now - ttl), 'LIMIT', 0, 1000))

local history = { traces = {}, digest = '', run = 0, began = 0 }
local known = redis.call('HGET', KEYS[1], key)
if known then history = cmsgpack.unpack(known) end

local before = history.traces
if digest == history.digest and now - history.began <= window then
  history.run = history.run + 1
else
  local after = {}
  if short then
    for at = math.max(1, #before + 2 - kept), #before do after[#after + 1] = before[at] end
    after[#after + 1] = trace
  end
  history = { traces = after, digest = digest, run = 1, began = now }
end

redis.call('HSET', KEYS[1], key, cmsgpack.pack(history))
redis.call('ZADD', KEYS[2], 'GT', now, key)
local too_many = redis.call('ZCARD', KEYS[2]) - capacity
if too_many > 0 then forget(redis.call('ZRANGE', KEYS[2], 0, too_many - 1)) end
redis.call('PEXPIRE', KEYS[1], ttl)
redis.call('PEXPIRE', KEYS[2], ttl)
return { history.run, unpack(before) }
