-- The generic cell rate algorithm, by the clock of Redis, in microseconds. Each request
-- takes an interval. A request is allowed while the intervals of the requests so far end
-- no later than the burst after now. Returns how long to wait; 0 if the request is allowed.
--
--   KEYS[1]  the user    ARGV[1]  interval of one request    ARGV[2]  burst, in requests
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local interval = tonumber(ARGV[1])
local burst = interval * tonumber(ARGV[2])
local ahead = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now) + interval
local wait = ahead - now - burst
if wait > 0 then
  return wait
end
redis.call('SET', KEYS[1], string.format('%.0f', ahead), 'PX', math.ceil((ahead - now) / 1000))
return 0
