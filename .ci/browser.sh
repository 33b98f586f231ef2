#!/usr/bin/env bash
# The browser of tests/browser: Debian's own Chromium and its driver, from Debian's registry.
set -euo pipefail

if command -v chromium >/dev/null && command -v chromedriver >/dev/null; then
    exit 0
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    as_root=(sudo)
fi
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -qq --no-install-recommends \
    chromium chromium-driver fonts-dejavu-core >/dev/null
