import subprocess
import sys

SCRIPT = """
import sys
import connector_async
import connector_async.auth
import connector_async.auth.credentials
import connector_async.auth.tokens
print(sorted({"msal", "requests", "urllib3", "jwt", "cryptography"} & set(sys.modules)))
credentials = connector_async.auth.credentials
credentials.ClientSecret("app", "secret")
credentials.ClientCertificate("app", pfx="bot.pfx")
credentials.ManagedIdentity()
print(sorted({"msal", "requests"} & set(sys.modules)))
"""


def test_msal_is_not_imported_before_it_is_needed():
    """
    Neither the package nor a credential imports msal or requests: they are slow.
    """
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)

    assert ["[]", "[]"] == run.stdout.splitlines()
