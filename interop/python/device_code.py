"""Signs in at the sandbox with MSAL Python and a device code, reads the profile, and
asks for a token for edits, which needs a second factor. Run by interop/go."""

import json
import os
import ssl
import urllib.request

import msal

app = msal.PublicClientApplication(
    os.environ["SANDBOX_CLIENT_ID"],
    authority=os.environ["SANDBOX_AUTHORITY"],
    instance_discovery=False,
    verify=os.environ["SANDBOX_CA_FILE"],
)
flow = app.initiate_device_flow(scopes=["User.Read"])
print(flow["user_code"], flow["verification_uri"], flush=True)
result = app.acquire_token_by_device_flow(flow)
if "access_token" not in result:
    raise SystemExit(result.get("error_description", "no token"))
print("signed in", flush=True)

account = app.get_accounts()[0]
token = app.acquire_token_silent(["User.Read"], account)["access_token"]
request = urllib.request.Request(
    os.environ["SANDBOX_GRAPH"] + "/v1.0/me", headers={"Authorization": "Bearer " + token}
)
trust = ssl.create_default_context(cafile=os.environ["SANDBOX_CA_FILE"])
with urllib.request.urlopen(request, context=trust) as response:
    if json.load(response)["displayName"]:
        print("read the profile", flush=True)

refused = app.acquire_token_silent_with_error([os.environ["SANDBOX_EDIT_SCOPE"]], account)
print(
    "second factor required:",
    refused["error"],
    refused.get("suberror", refused.get("classification", "")),
    "claims" if "capolids" in refused.get("claims", "") else "no claims",
    flush=True,
)
