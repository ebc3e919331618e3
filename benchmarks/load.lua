-- For wrk: the request of a file, with a new number at each NEXTNUMBER and the same one at each SAMENUMBER.
-- Arguments: the file, the first number.

local template, number
local format = string.format

function init(args)
  local file = assert(io.open(args[1], "rb"))
  template = file:read("*a")
  file:close()
  number = tonumber(args[2]) - 1
end

local function fill(place)
  if place == "NEXT" then number = number + 1 end
  return format("%010d", number)
end

function request()
  return (template:gsub("([NS][EA][XM][TE])NUMBER", fill))
end

function done(summary, latency)
  local errors = summary.errors
  print(format(
    '{"requests": %d, "seconds": %.6f, "errors": %d, "broken": %d, "p50": %.4f, "p99": %.4f}',
    summary.requests, summary.duration / 1e6, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
