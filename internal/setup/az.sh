#!/usr/bin/env bash
# The setup of profilectl with Azure CLI, for an empty tenant. Sign in first:
#   az login --tenant TENANT --allow-no-subscriptions
# The script stops at the first error. It does not continue a run that was stopped.
set -euo pipefail

# send METHOD PATH: send the JSON on standard input to Microsoft Graph, and print the id
# and the appId of the response.
send() {
  az rest --method "$1" --url "https://graph.microsoft.com/v1.0$2" \
    --headers Content-Type=application/json --body "$(cat)" \
    --query "join(' ', [id || '-', appId || '-'])" --output tsv
}

# retry COMMAND...: repeat while Entra replicates a new object.
retry() {
  local input attempt
  input=$(cat)
  for attempt in 1 2 3 4 5 6; do
    if "$@" <<<"$input"; then return 0; fi
    sleep $((attempt * 5))
  done
  echo "gave up: $*" >&2
  return 1
}

GRAPH_SP=$(az ad sp show --id 00000003-0000-0000-c000-000000000000 --query id --output tsv)
