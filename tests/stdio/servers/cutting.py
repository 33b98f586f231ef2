"""Says so many bytes of its answer to a call and dies; without an argument, all of it, and lives.

Argument of the tool: how many bytes; `how` is what it does after them: exit, be killed, or close
its output and live on.
"""

import json
import os
import signal
import sys
import time

for line in sys.stdin.buffer:
    request = json.loads(line)
    if "id" not in request:
        continue
    if request["method"] == "initialize":
        result = {
            "protocolVersion": request["params"]["protocolVersion"],
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "cutting", "version": "1"},
        }
    else:
        result = {"content": [{"type": "text", "text": str(os.getpid())}]}
    answer = {"jsonrpc": "2.0", "id": request["id"], "result": result}
    said = json.dumps(answer).encode() + b"\n"
    wanted = request.get("params", {}).get("arguments", {})
    said = said[: wanted.get("bytes")]
    while said:
        said = said[os.write(1, said) :]
    if "bytes" in wanted:
        if wanted["how"] == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if wanted["how"] == "closed":
            os.close(1)
            time.sleep(600)
        os._exit(3)
