"""The echo server of somebody who prints."""

import runpy
import subprocess
from pathlib import Path

print("printed before serving")
runpy.run_path(str(Path(__file__).with_name("echo.py")), run_name="__main__")
print("printed after serving")
subprocess.run(["echo", "said by a child after serving"], check=True)
