-- Takes from all buckets of a key, or from none: the rule of ports::quota::Buckets::take, atomic over all nodes.
-- KEYS[1]  the key: for each bucket the moment at which it is full again, in microseconds
-- ARGV     the cost, then for each bucket its interval and its span, in microseconds
-- Returns  for each bucket in how many microseconds it is full again, then how long to wait (0: it was taken)
-- Time is that of the server: one clock for all nodes, whatever theirs say.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local cost = tonumber(ARGV[1])
local before, after, wait, full = {}, {}, 0, now
local stored = redis.call('GET', KEYS[1])
if stored then
    for number in string.gmatch(stored, '%d+') do before[#before + 1] = tonumber(number) end
end
local count = (#ARGV - 1) / 2
for i = 1, count do
    local interval, span = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
    before[i] = math.min(math.max(before[i] or 0, now), now + span)
    after[i] = before[i] + cost * interval
    wait = math.max(wait, after[i] - now - span)
    full = math.max(full, after[i])
end
local levels, answer, written = wait > 0 and before or after, {}, {}
for i = 1, count do
    answer[i] = levels[i] - now
    written[i] = string.format('%.0f', levels[i])
end
if wait == 0 then
    -- Once all are full there is nothing to remember.
    redis.call('SET', KEYS[1], table.concat(written, ' '), 'PX', math.max(1, math.ceil((full - now) / 1000)))
end
answer[#answer + 1] = wait
return answer
