-- The generic cell rate algorithm, by Redis's own clock, in microseconds: a
-- request is let through while those before it are not further ahead of time than
-- the burst allows. Returns how long to wait; 0 for not at all.
--
--   KEYS[1]  the user    ARGV[1]  time for one request    ARGV[2]  burst
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local one, burst = tonumber(ARGV[1]), tonumber(ARGV[1]) * tonumber(ARGV[2])
local ahead = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now) + one
local wait = ahead - now - burst
if wait > 0 then
  return wait
end
redis.call('SET', KEYS[1], string.format('%.0f', ahead), 'PX', math.ceil((ahead - now) / 1000))
return 0
