-- Reserves turns of an egress address for a replica, by the clock of Redis, in
-- microseconds. The turns of all replicas follow each other at an interval. A pause lets
-- no turn begin before its end. If the clock was set back, what was stored moves with it.
-- Returns the time until the first turn, the time until the end of a pause, and the number
-- of replicas that have reserved turns in the last ten minutes.
--
--   KEYS[1]  the egress address    ARGV[1]  interval    ARGV[2]  number of turns
--   ARGV[3]  the replica           ARGV[4]  pause; 0 is none
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local recent = 600 * 1000000
local stored = redis.call('HMGET', KEYS[1], 'now', 'next', 'paused')
local back = math.max(0, tonumber(stored[1] or 0) - now)
local first = math.max(now, tonumber(stored[2] or 0) - back)
local paused = math.max(now, tonumber(stored[3] or 0) - back, now + tonumber(ARGV[4]))
first = math.max(first, paused)
local following = first + tonumber(ARGV[1]) * tonumber(ARGV[2])
local function text(number) return string.format('%.0f', number) end
redis.call('HSET', KEYS[1], 'now', text(now), 'next', text(following), 'paused', text(paused),
  'replica ' .. ARGV[3], text(now))
redis.call('PEXPIRE', KEYS[1], math.ceil((recent + following - now) / 1000))
local replicas = 0
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  if string.sub(all[i], 1, 8) == 'replica ' then
    if now - tonumber(all[i + 1]) > recent then
      redis.call('HDEL', KEYS[1], all[i])
    else
      replicas = replicas + 1
    end
  end
end
return {first - now, paused - now, replicas}
