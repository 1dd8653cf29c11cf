"""
Who the bot is, and what is never shown of it.
"""

import pytest

from connector_async.cli._failure import told_here
from connector_async.emulator import APP_ID, APP_SECRET, TENANT_ID
from connector_async.testing.kit import serving
from tests.cli.conftest import CHAT

SEND = ("send", "-c", CHAT, "hello")


@pytest.fixture
def bot(monkeypatch):
    """
    The environment of the bot that the emulator knows.
    """
    for name, value in {"APP_ID": APP_ID, "APP_SECRET": APP_SECRET, "TENANT_ID": TENANT_ID}.items():
        monkeypatch.setenv(f"CONNECTOR_{name}", value)


def test_no_credentials(run):
    """
    Without credentials no call leaves this machine.
    """
    done = run(*SEND)

    assert 2 == done.exit_code
    assert "no credentials: set CONNECTOR_APP_ID and CONNECTOR_APP_SECRET" in done.stderr


def test_secret_is_missing(run, monkeypatch):
    """
    An app without a secret is told what to set.
    """
    monkeypatch.setenv("CONNECTOR_APP_ID", APP_ID)

    done = run(*SEND)

    assert 2 == done.exit_code
    assert "no secret: set CONNECTOR_APP_SECRET, or give --secret-file" in done.stderr


def test_app_is_missing(run, monkeypatch):
    """
    A secret without an app likewise.
    """
    monkeypatch.setenv("CONNECTOR_APP_SECRET", "sesame")

    done = run(*SEND)

    assert 2 == done.exit_code
    assert "there is a secret (CONNECTOR_APP_SECRET), but no CONNECTOR_APP_ID" in done.stderr


@pytest.mark.usefixtures("bot")
def test_tenant_that_is_none(run, monkeypatch):
    """
    A tenant that cannot be is refused before anything is sent.
    """
    monkeypatch.setenv("CONNECTOR_TENANT_ID", "a tenant/of mine")

    done = run(*SEND)

    assert 2 == done.exit_code
    assert "the credentials cannot be used" in done.stderr


def test_empty_secret_file(run, tmp_path):
    """
    An empty file holds no secret.
    """
    tmp_path.joinpath("secret").write_text("\n")

    done = run(*SEND, "--secret-file", "secret")

    assert 2 == done.exit_code
    assert "secret is empty" in done.stderr


@pytest.mark.usefixtures("bot")
def test_host_that_may_see_no_token(call):
    """
    A host that was not named is told how to be named, in this program's words.
    """
    done = call(*SEND)

    assert 2 == done.exit_code
    assert "If the host is yours, add --trusted-host 127.0.0.1:" in done.stderr


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--cloud", "china"], "give --service-url, as the incoming activities have it\n"),
        (["--service-url", "https://x/{a}"], "give --service-url as an incoming activity has it"),
        (["--proxy", "socks5://127.0.0.1:1"], "SOCKS is not spoken here"),
    ],
)
def test_advice_in_this_programs_words(run, options, told):
    """
    What an error advises for Python is advised as an option.
    """
    done = run(*SEND, *options)

    assert (2, "") == (done.exit_code, done.stdout)
    assert told in done.stderr


def test_cloud_to_choose(call, emulator):
    """
    A tenant of another cloud is told with the option for it.
    """
    emulator.fail_next("sendToConversation", status=403, code="InvalidBotApiHost")

    done = call(*SEND)

    assert 1 == done.exit_code
    assert "with --cloud gcc." in done.stderr


def test_certificate_to_trust(run, emulator):
    """
    A certificate that is not believed is told with the option that would do so.
    """
    with serving(emulator, tls=True) as server:
        done = run(*SEND, "--service-url", server.url)

    assert 1 == done.exit_code
    assert "is not believed" in done.stderr
    assert "If it is to be trusted, add --ca-file" in done.stderr


def test_identity_providers_certificate_to_trust():
    """
    That of the identity provider likewise.
    """
    told = told_here("If the certificate is to be trusted, pass an ssl_context that does.")

    assert "If the certificate is to be trusted, add --ca-file." == told


@pytest.mark.usefixtures("bot")
def test_secret_is_never_shown(run, url, monkeypatch):
    """
    Whatever happens, the secret stands in no output.
    """
    monkeypatch.setenv("CONNECTOR_APP_SECRET", "open sesame 4711")
    host = url.removeprefix("http://")
    shown = []
    for arguments in (
        [*SEND, "--trusted-host", host, "--login-url", "https://127.0.0.1:1"],
        [*SEND, "--trusted-host", host, "--login-url", "https://127.0.0.1:1", "--json"],
        ["doctor", "--login-url", "https://127.0.0.1:1"],
        ["doctor", "--login-url", "https://127.0.0.1:1", "--json"],
    ):
        done = run(*arguments, "--service-url", url, "--deadline", 2)
        shown.append(done.stdout + done.stderr)
        assert 0 != done.exit_code

    assert all(shown)
    assert "sesame" not in "".join(shown)
