#!/usr/bin/env bash
# Installs the programs that judge what we make: they come with the system, not with Python.
# Where they cannot be installed, the tests that need one say so and are skipped.
set -euo pipefail

declare -A package=(
  [pdfsig]=poppler-utils
  [xmllint]=libxml2-utils
  [softhsm2-util]=softhsm2
)

missing=()
for program in "${!package[@]}"; do
  command -v "$program" > /dev/null || missing+=("${package[$program]}")
done
[ "${#missing[@]}" -eq 0 ] && exit 0

as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo -n)
if command -v apt-get > /dev/null && "${as_root[@]}" true 2> /dev/null; then
  echo "installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  "${as_root[@]}" apt-get update -qq &&
    "${as_root[@]}" apt-get install -qq -y --no-install-recommends "${missing[@]}" > /dev/null &&
    exit 0
fi
echo "not installed, so the tests that need them are skipped: ${missing[*]}"
