-- The book of running requests for several processes: the rules of book.py and account.py, atomic.
--
-- KEYS[1] is "llmaas:{<tenant>}", so that everything of one tenant lies on one node:
--   …:held            hash: reservation -> "<key> <month> <tokens> <pico>"
--   …:leases          sorted set: reservation -> the moment (ms) at which its lease ends
--   …:<account>       hash: tokens, pico, pico:<month> (held), spent, spent:<month>
--   …:<account>:<length>  list of "<second> <amount>", oldest first; its total in …:total
-- where <account> is "t" for the tenant and "k:<key>" for a key, and <length> is 60, 3600 or 86400.
--
-- Money is compared in two parts, because a number of Lua is exact only up to 2^53.

local base, command, now = KEYS[1], ARGV[1], tonumber(ARGV[2])
local second = math.floor(now / 1000)

local function parts(text)
  text = text or '0'
  local sign = 1
  if string.sub(text, 1, 1) == '-' then sign, text = -1, string.sub(text, 2) end
  local high = tonumber(string.sub(text, 1, -10)) or 0
  return sign * high, sign * tonumber(string.sub(text, -9))
end

-- Whether a + b + c > limit, all of them decimal strings.
local function exceeds(limit, a, b, c)
  local high, low = 0, 0
  for _, text in ipairs({a, b, c}) do
    local h, l = parts(text)
    high, low = high + h, low + l
  end
  local lh, ll = parts(limit)
  return (high - lh) * 1e9 + (low - ll) > 0
end

local function account(name) return base .. ':' .. name end

local function used(name, length)
  local list = account(name) .. ':' .. length
  local first = redis.call('LINDEX', list, 0)
  while first do
    local at, amount = string.match(first, '(%d+) (%d+)')
    if tonumber(at) >= second - tonumber(length) then break end
    redis.call('LPOP', list)
    redis.call('DECRBY', list .. ':total', amount)
    first = redis.call('LINDEX', list, 0)
  end
  return tonumber(redis.call('GET', list .. ':total') or '0')
end

local function add(name, length, at, amount)
  if tonumber(amount) == 0 then return end
  local list = account(name) .. ':' .. length
  local last = redis.call('LINDEX', list, -1)
  if last then
    local last_at, before = string.match(last, '(%d+) (%d+)')
    if tonumber(last_at) >= at then
      redis.call('LSET', list, -1, last_at .. ' ' .. (tonumber(before) + tonumber(amount)))
      redis.call('INCRBY', list .. ':total', amount)
      return
    end
  end
  redis.call('RPUSH', list, at .. ' ' .. amount)
  redis.call('INCRBY', list .. ':total', amount)
end

-- Seconds until so much has left a window; -1 when it holds less.
local function wait(name, length, amount)
  local list, left, from = account(name) .. ':' .. length, 0, 0
  while true do
    local some = redis.call('LRANGE', list, from, from + 99)
    if #some == 0 then return -1 end
    for _, entry in ipairs(some) do
      local at, passed = string.match(entry, '(%d+) (%d+)')
      left = left + tonumber(passed)
      if left >= amount then return math.max(1, tonumber(at) + tonumber(length) + 1 - second) end
    end
    from = from + 100
  end
end

local function hold(name, month, tokens, pico)
  redis.call('HINCRBY', account(name), 'tokens', tokens)
  redis.call('HINCRBY', account(name), 'pico', pico)
  redis.call('HINCRBY', account(name), 'pico:' .. month, pico)
end

local function negative(text)
  if string.sub(text, 1, 1) == '-' then return string.sub(text, 2) end
  if text == '0' then return text end
  return '-' .. text
end

local function free(id)
  local held = redis.call('HGET', base .. ':held', id)
  if not held then return false end
  local key, month, tokens, pico = string.match(held, '(%S+) (%S+) (%S+) (%S+)')
  hold('t', month, negative(tokens), negative(pico))
  hold('k:' .. key, month, negative(tokens), negative(pico))
  redis.call('HDEL', base .. ':held', id)
  redis.call('ZREM', base .. ':leases', id)
  return true
end

local function expire()
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', base .. ':leases', '-inf', now)) do free(id) end
end

local function get(name, field) return redis.call('HGET', account(name), field) or '0' end

-- The limits of one account that a request does not fit into:
-- {account, limit, allowed, used, asked, wait, in flight}
local function refusals(found, name, limits, month, requests, tokens, pico)
  local held = tonumber(get(name, 'tokens'))
  local windows = {
    {'requests_per_minute', limits[1], '60', 0, requests},
    {'output_tokens_per_hour', limits[2], '3600', held, tokens},
    {'output_tokens_per_day', limits[3], '86400', held, tokens},
  }
  for _, w in ipairs(windows) do
    local limit, asked = tonumber(w[2]), tonumber(w[5])
    if limit and asked > 0 then
      local taken = used(name, w[3]) + w[4]
      if taken + asked > limit then
        local after = -1
        if asked <= limit then after = wait(name, w[3], taken + asked - limit) end
        local in_flight = asked <= limit and after == -1
        if in_flight then after = 1 end
        table.insert(found, {name, w[1], w[2], tostring(taken), w[5], after, in_flight and 1 or 0})
      end
    end
  end
  if pico ~= '0' then
    for _, m in ipairs({
      {'monthly_cap', limits[4], 'spent:' .. month, 'pico:' .. month},
      {'credit', limits[5], 'spent', 'pico'},
    }) do
      if m[2] ~= '' then
        local spent, running = get(name, m[3]), get(name, m[4])
        if exceeds(m[2], spent, running, pico) then
          local fits = not exceeds(m[2], spent, '0', pico)
          local never = exceeds(m[2], '0', '0', pico)
          table.insert(found, {name, m[1], m[2], spent .. ' ' .. running, pico,
            never and -1 or -2, fits and 1 or 0})
        end
      end
    end
  end
end

local function both(key, from)
  local tenant, own = {}, {}
  for i = 0, 4 do
    tenant[i + 1] = ARGV[from + i]
    own[i + 1] = ARGV[from + 5 + i]
  end
  return tenant, own
end

expire()

if command == 'reserve' or command == 'resize' then
  -- id key month requests tokens pico lease_ms, five limits of the tenant, five of the key
  local id, key, month, lease = ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[9])
  local requests, tokens, pico = ARGV[6], ARGV[7], ARGV[8]
  if redis.call('EXISTS', base .. ':seeded') == 0 then return {'unseeded'} end
  local tenant, own = both(key, 10)
  local found = {}
  if string.sub(pico, 1, 1) ~= '-' then
    refusals(found, 't', tenant, month, requests, tokens, pico)
    refusals(found, 'k:' .. key, own, month, requests, tokens, pico)
  end
  if #found > 0 then return {'refused', found} end
  local before = redis.call('HGET', base .. ':held', id)
  if command == 'resize' and not before then return {'expired'} end
  hold('t', month, tokens, pico)
  hold('k:' .. key, month, tokens, pico)
  if before then
    local k, m, t, p = string.match(before, '(%S+) (%S+) (%S+) (%S+)')
    redis.call('HSET', base .. ':held', id, k .. ' ' .. m .. ' ' .. t .. ' ' .. ARGV[20])
  else
    redis.call('HSET', base .. ':held', id, key .. ' ' .. month .. ' ' .. tokens .. ' ' .. pico)
    add('t', '60', second, requests)
    add('k:' .. key, '60', second, requests)
  end
  redis.call('ZADD', base .. ':leases', now + lease, id)
  return {'held'}
end

if command == 'settle' then
  -- id key month tokens pico
  local id, key, month, tokens, pico = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
  free(id)
  -- Without a seed, the ledger says it: whoever seeds reads it there.
  if redis.call('EXISTS', base .. ':seeded') == 0 then return {'unseeded'} end
  for _, name in ipairs({'t', 'k:' .. key}) do
    add(name, '3600', second, tokens)
    add(name, '86400', second, tokens)
    redis.call('HINCRBY', account(name), 'spent', pico)
    redis.call('HINCRBY', account(name), 'spent:' .. month, pico)
  end
  return {'settled'}
end

if command == 'renew' then
  -- lease_ms, reservations
  for i = 4, #ARGV do
    redis.call('ZADD', base .. ':leases', 'XX', now + tonumber(ARGV[3]), ARGV[i])
  end
  return {'renewed'}
end

if command == 'seed' then
  -- a list of: account, field, amount, and of: account, second, amount
  if redis.call('SET', base .. ':seeded', now, 'NX') then
    for _, each in ipairs(cjson.decode(ARGV[3])) do
      redis.call('HINCRBY', account(each[1]), each[2], each[3])
    end
    for _, each in ipairs(cjson.decode(ARGV[4])) do
      add(each[1], '3600', each[2], each[3])
      add(each[1], '86400', each[2], each[3])
    end
  end
  return {'seeded'}
end

if command == 'standing' then
  -- key: {held, requests, hour, day, waits until each is whole} of the tenant, then of the key
  local answer = {}
  for _, name in ipairs({'t', 'k:' .. ARGV[3]}) do
    local row = {tonumber(get(name, 'tokens'))}
    for _, length in ipairs({'60', '3600', '86400'}) do
      local total = used(name, length)
      table.insert(row, total)
      table.insert(row, total > 0 and wait(name, length, total) or 0)
    end
    table.insert(answer, row)
  end
  return answer
end

return redis.error_reply('unknown command ' .. command)
