-- wrk: rotates through the tokens of a file, one a line.  wrk -s tokens.lua URL -- FILE
local requests = {}
local next = 0
function init(args)
  for token in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("GET", "/", { ["Authorization"] = "Bearer " .. token })
  end
end
function request()
  next = next % #requests + 1
  return requests[next]
end
function done(summary, latency, requests)
  io.write(string.format("not-2xx-or-3xx %d\n", summary.errors.status))
end
