-- What wrk sends: GETs of one record or of a list, or POSTs of one row or of a batch whose keys nobody has sent before.
-- Arguments: kind, address, token, first free key, number of records that are there, file with the JSON of a row, address of
-- batches.

local kind, address, free, there, template, batches
local headers, thread = {}, 0

function setup(one)
  one:set("id", thread)
  thread = thread + 1
end

function init(arguments)
  kind, address, free, there = arguments[1], arguments[2], tonumber(arguments[4]), tonumber(arguments[5])
  headers["Authorization"] = "Token " .. arguments[3]
  headers["Content-Type"] = "application/json"
  batches = arguments[7]
  local file = io.open(arguments[6])
  template = file:read("*a")
  file:close()
  math.randomseed(id + 1)
end

local function row()
  free = free + 1
  return (template:gsub("KEY", tostring(free), 1))
end

function request()
  if kind == "get" then
    return wrk.format("GET", address .. "/" .. (10000000 + math.random(there) - 1), headers)
  elseif kind == "list" then
    return wrk.format("GET", address .. "?page_size=100&page=" .. math.random(math.floor(there / 100)), headers)
  elseif kind == "post" then
    return wrk.format("POST", address, headers, row())
  end
  local rows = {}
  for number = 1, 1000 do rows[number] = row() end
  return wrk.format("POST", batches, headers, '{"rows":[' .. table.concat(rows, ",") .. "]}")
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format('{"requests": %d, "seconds": %.6f, "p50": %.3f, "p99": %.3f, "failed": %d}', summary.requests,
    summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
