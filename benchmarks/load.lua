-- Load: one operation with a random variable in each request; prints what was measured as JSON.
local prefix, suffix = os.getenv("BENCH_PREFIX"), os.getenv("BENCH_SUFFIX")
local low, high = tonumber(os.getenv("BENCH_LOW")), tonumber(os.getenv("BENCH_HIGH"))

local target = os.getenv("BENCH_TARGET")

wrk.headers["Accept"] = "application/json"
if target then
  wrk.headers["If-None-Match"] = os.getenv("BENCH_ETAG")
else
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
end

function init()
  math.randomseed(tonumber(os.getenv("BENCH_SEED")))
end

function request()
  if target then return wrk.format(nil, target) end
  local value = math.random(low, high)
  if value % 10 == 0 then value = value + 1 end
  return wrk.format(nil, nil, nil, prefix .. value .. suffix)
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests": %d, "seconds": %.6f, "bytes": %d, "errors": %d, "p50_ms": %.4f, "p99_ms": %.4f}\n',
    summary.requests, summary.duration / 1e6, summary.bytes,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3
  ))
end
