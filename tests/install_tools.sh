#!/usr/bin/env bash
# Installs the programs that judge what we make: they come with the system or with node, not with
# Python. Where they cannot be installed, the tests that need one say so and are skipped.
set -euo pipefail
cd "$(dirname "$0")"

install_programs() {
  local -A package=(
    [pdfsig]=poppler-utils
    [xmllint]=libxml2-utils
    [softhsm2-util]=softhsm2
  )
  local missing=() as_root=() program
  for program in "${!package[@]}"; do
    command -v "$program" > /dev/null || missing+=("${package[$program]}")
  done
  [ "${#missing[@]}" -eq 0 ] && return

  [ "$(id -u)" -eq 0 ] || as_root=(sudo -n)
  if command -v apt-get > /dev/null && "${as_root[@]}" true 2> /dev/null; then
    echo "installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    "${as_root[@]}" apt-get update -qq &&
      "${as_root[@]}" apt-get install -qq -y --no-install-recommends "${missing[@]}" > /dev/null &&
      return
  fi
  echo "not installed, so the tests that need them are skipped: ${missing[*]}"
}

# The libraries of vendors who have none for Python, where node is there.
install_vendors_libraries() {
  cd conformance/node
  [ -e node_modules/.package-lock.json ] && return
  if command -v npm > /dev/null; then
    echo "installing the vendors' libraries for node"
    timeout 120 npm ci --fetch-retries=1 --ignore-scripts --no-audit --no-fund --silent && return
  fi
  echo "not installed, so the tests that need them are skipped: the vendors' libraries for node"
}

install_programs
install_vendors_libraries
