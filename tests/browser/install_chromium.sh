#!/usr/bin/env bash
# Puts Chromium on the path, from the distribution; says why it cannot.
set -euo pipefail
command -v chromium >/dev/null && exit 0
command -v apt-get >/dev/null || { echo "there is no chromium, and no apt-get to install it with" >&2; exit 1; }
[ "$(id -u)" = 0 ] || { echo "there is no chromium, and only root may install it" >&2; exit 1; }
export DEBIAN_FRONTEND=noninteractive
apt-get install -y -qq chromium >/dev/null 2>&1 || { apt-get update -qq && apt-get install -y -qq chromium >/dev/null; }
