-- For wrk: send the lines of a file as POST bodies, in turn, and print what happened as one line of JSON.
-- The argument after `--` is the file.
local prepared, at = {}, 0

function init(args)
   for line in io.lines(args[1]) do
      prepared[#prepared + 1] = wrk.format("POST", nil, nil, line)
   end
end

function request()
   at = at % #prepared + 1
   return prepared[at]
end

function done(summary, latency)
   local errors = summary.errors
   io.write(string.format(
      '\n{"requests": %d, "seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f, "refused": %d, "broken": %d}\n',
      summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
      errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
