-- Sends the requests of a file in turn, one per line: the token, a tab, the body. Prints one line of JSON at the end.
-- wrk ... -- FILE         repeats the file
-- wrk ... -- FILE COUNT   sends at limit COUNT requests, each once, and checks the answers for errors. wrk still waits until its
--                         time is over, so the time is measured from the first request to the last answer
local ffi = require("ffi")
ffi.cdef("typedef struct { long seconds; long nanos; } moment; int clock_gettime(int clock, moment *at);")

local requests, turn, limit = {}, 0, nil
wrong, answers, first, last = 0, 0, 0, 0

local function micros()
  local at = ffi.new("moment")
  ffi.C.clock_gettime(1, at)
  return tonumber(at.seconds) * 1000000 + tonumber(at.nanos) / 1000
end

function setup(thread)
  running = thread
end

function init(args)
  limit = tonumber(args[2])
  for line in io.lines(args[1]) do
    local token, body = line:match("^([^\t]*)\t(.*)$")
    requests[#requests + 1] = wrk.format("POST", nil, {
      ["authorization"] = "Bearer " .. token,
      ["content-type"] = "application/json",
      ["accept"] = "application/json",
    }, body)
  end
  if limit then
    -- Only defined here, because a response function makes wrk pass every body to Lua.
    function response(_, _, body)
      answers, last = answers + 1, micros()
      if body:find('"errors"', 1, true) then
        wrong = wrong + 1
      end
    end
  end
end

function request()
  if limit and turn == 0 then
    first = micros()
  elseif limit and turn >= limit then
    wrk.thread:stop()
  end
  turn = turn % #requests + 1
  return requests[turn]
end

function done(summary, latency)
  local e, count, time = summary.errors, summary.requests, summary.duration
  if running:get("answers") > 0 then
    count, time = running:get("answers"), running:get("last") - running:get("first")
  end
  local failed = e.connect + e.read + e.write + e.timeout + e.status + running:get("wrong")
  io.write(string.format('{"requests":%d,"micros":%d,"p50":%d,"p99":%d,"bytes":%d,"failed":%d}\n', count, time,
    latency:percentile(50), latency:percentile(99), summary.bytes, failed))
end
