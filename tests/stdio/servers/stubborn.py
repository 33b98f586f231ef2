"""Ignores the end of its input and SIGTERM."""

import signal
import sys
import time

signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('{"ready": true}', flush=True)
sys.stdin.read()
time.sleep(600)
