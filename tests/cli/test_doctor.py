"""
`connector-async doctor`, against an emulator that asks for tokens, over TLS.
"""

import json
import os

import httpx
import pytest

from connector_async.cli._finding import (
    about_claims,
    about_credentials,
    about_proxy,
    about_skew,
    claims_of,
    redacted,
    shortened,
)
from connector_async.cli._probe import about_code, about_login
from connector_async.cli._settings import Settings
from connector_async.emulator import APP_ID, APP_SECRET, TENANT_ID
from connector_async.testing.kit import SharedEmulator, serving

NOON = "Mon, 01 Jan 2024 12:00:00 GMT"
AT_NOON = 1_704_110_400.0


@pytest.fixture(scope="module")
def box():
    """
    An emulator over TLS, and where it is served; tests of this module share it.
    """
    emulator = SharedEmulator(require_token=True, apps={APP_ID: APP_SECRET})
    with serving(emulator, tls=True) as server:
        yield emulator, server


@pytest.fixture
def bot(monkeypatch):
    """
    Sets what the environment says of the bot; at first it is right.
    """

    def be(**settings):
        for name, value in settings.items():
            monkeypatch.setenv(f"CONNECTOR_{name}", value)

    be(APP_ID=APP_ID, APP_SECRET=APP_SECRET, TENANT_ID=TENANT_ID)
    return be


@pytest.fixture
def doctor(run, box):
    """
    Asks the doctor; findings by name, and the exit code.
    """
    _, server = box
    told = {
        "--service-url": server.url,
        "--login-url": server.url,
        "--ca-file": server.ca_file,
        "--trusted-host": server.url.removeprefix("https://"),
    }

    def examine(**others):
        options = told | {f"--{name.replace('_', '-')}": value for name, value in others.items()}
        words = [word for pair in options.items() if pair[1] is not None for word in pair]
        done = run("doctor", "--json", "--deadline", 5, *words)
        findings = [json.loads(line) for line in done.stdout.splitlines()]
        return {finding["name"]: finding for finding in findings}, done.exit_code

    return examine


@pytest.mark.usefixtures("bot")
def test_all_is_well(doctor):
    """
    Where nothing is wrong, all is checked, found good, and the exit code is 0.
    """
    findings, code = doctor()

    assert 0 == code
    assert [
        "credentials", "app type", "service URL", "proxy", "login host", "clock",
        "service host", "token", "service",
    ] == list(findings)  # fmt: skip
    assert {"ok"} == {finding["state"] for finding in findings.values()}


@pytest.mark.usefixtures("bot")
def test_shows_claims_but_no_ids(doctor):
    """
    What the token says is shown, its ids shortened.
    """
    findings, _ = doctor()

    said = findings["token"]["said"]
    assert "aud https://api.botframework.com" in said
    assert "exp 20" in said
    assert APP_ID not in json.dumps(findings)
    assert TENANT_ID not in json.dumps(findings)


def test_wrong_secret(doctor, bot):
    """
    A wrong secret is told by the provider's code, with what to do.
    """
    bot(APP_SECRET="wrong")

    findings, code = doctor()

    assert 1 == code
    assert "bad" == findings["token"]["state"]
    assert "AADSTS7000215" in findings["token"]["said"]
    assert "make a new secret" in findings["token"]["do"]
    assert "skipped" == findings["service"]["state"]


def test_unknown_app(doctor, bot):
    """
    An app that the tenant does not know, likewise.
    """
    bot(APP_ID="11111111-2222-3333-4444-555555555555")

    findings, code = doctor()

    assert 1 == code
    assert "AADSTS700016" in findings["token"]["said"]
    assert "CONNECTOR_TENANT_ID" in findings["token"]["do"]


@pytest.mark.usefixtures("bot")
def test_service_that_refuses(doctor, box):
    """
    Where the service does not take the token, app type and cloud are to be looked at.
    """
    emulator, _ = box
    emulator.fail_next("getConversations", status=401, times=2)

    findings, code = doctor()

    assert 1 == code
    assert "it refuses the token" in findings["service"]["said"]
    assert "app type" in findings["service"]["do"]


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("status", [429, 500, 503])
def test_service_that_is_down(doctor, box, status):
    """
    A service that is busy or broken is no fault of the bot's, and no all-clear either.
    """
    emulator, _ = box
    emulator.fail_next("getConversations", status=status, retry_after=600, times=9)

    findings, code = doctor()
    emulator.clear_faults()

    assert (0, "note") == (code, findings["service"]["state"])
    assert "try again later" == findings["service"]["do"]


@pytest.mark.usefixtures("bot")
def test_service_that_forbids_the_call(doctor, box):
    """
    A 403 is worth a look; the token was taken.
    """
    emulator, _ = box
    emulator.fail_next("getConversations", status=403)

    findings, code = doctor()

    assert (0, "note") == (code, findings["service"]["state"])


@pytest.mark.usefixtures("bot")
def test_login_url_with_a_slash(doctor, box):
    """
    A slash at the end of the login host's URL is none of the path.
    """
    _, server = box

    findings, code = doctor(login_url=f"{server.url}/")

    assert 0 == code
    assert f"tokens come from {server.url}/{TENANT_ID[:4]}…" in findings["app type"]["said"]
    assert "ok" == findings["login host"]["state"]


@pytest.mark.parametrize("deadline", ["-1", "0", "nan", "inf"])
@pytest.mark.usefixtures("bot")
def test_deadline_that_is_none(run, deadline):
    """
    A deadline that cannot be is bad input, and nothing of the network's.
    """
    done = run("doctor", "--deadline", deadline, "--login-url", "https://127.0.0.1:1")

    assert (2, "") == (done.exit_code, done.stdout)
    assert "--deadline is a time in seconds, more than 0 and finite, not" in done.stderr


@pytest.mark.usefixtures("bot")
def test_certificate_that_is_not_believed(doctor):
    """
    An authority that is not known is told apart from a network that is not there.
    """
    findings, code = doctor(ca_file=None)

    assert 1 == code
    assert "certificate" in findings["login host"]["said"]
    assert "--ca-file" in findings["login host"]["do"]
    assert "--ca-file" in findings["service host"]["do"]
    assert "skipped" == findings["token"]["state"]


@pytest.mark.usefixtures("bot")
def test_authorities_that_are_gone(doctor, monkeypatch):
    """
    An SSL_CERT_FILE that cannot be read is bad input, told in this program's words.
    """
    monkeypatch.setenv("SSL_CERT_FILE", "gone.pem")

    findings, code = doctor(ca_file=None)

    assert (2, "skipped") == (code, findings["service"]["state"])
    for name in ("login host", "service host"):
        assert findings[name]["said"].startswith("SSL_CERT_FILE 'gone.pem' cannot be used: ")
        assert "--ca-file" in findings[name]["said"]


@pytest.mark.usefixtures("bot")
def test_host_that_is_not_there(doctor):
    """
    A login host that is not reached is told, and the rest is still looked at.
    """
    findings, code = doctor(login_url="https://127.0.0.1:1")

    assert 1 == code
    assert "127.0.0.1:1 is not reached" in findings["login host"]["said"]
    assert "DNS" in findings["login host"]["do"]
    assert "ok" == findings["service host"]["state"]


@pytest.mark.usefixtures("bot")
def test_untrusted_service_url(doctor):
    """
    A host that may not see a token is bad input, and is not called.
    """
    findings, code = doctor(service_url="https://smba.example.net/")

    assert 2 == code
    assert "add --trusted-host smba.example.net" in findings["service URL"]["said"]
    assert "skipped" == findings["service host"]["state"]


@pytest.mark.usefixtures("bot")
def test_malformed_service_url(doctor):
    """
    What is no URL is bad input.
    """
    findings, code = doctor(service_url="smba.example.net")

    assert 2 == code
    assert "is not a service URL" in findings["service URL"]["said"]


@pytest.mark.usefixtures("bot")
def test_cloud_without_a_url(doctor):
    """
    Where a cloud has no published URL, one must be given.
    """
    findings, code = doctor(service_url=None, cloud="china")

    assert 2 == code
    assert "none that is published" in findings["service URL"]["said"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"APP_ID": ""}, "no CONNECTOR_APP_ID"),
        ({"APP_SECRET": ""}, "no secret"),
        ({"APP_ID": "my-bot"}, "CONNECTOR_APP_ID is no GUID"),
        ({"APP_SECRET": "11111111-2222-3333-4444-555555555555"}, "as a secret's id is"),
    ],
)
def test_credentials_that_cannot_be(doctor, bot, settings, said):
    """
    What is wrong with the settings alone is bad input, and no token is asked for.
    """
    bot(**settings)

    findings, code = doctor()

    assert 2 == code
    assert said in findings["credentials"]["said"]
    assert "skipped" == findings["token"]["state"]


def test_no_credentials_at_all(doctor, url):
    """
    Without credentials an emulator is called as it is.
    """
    findings, code = doctor(service_url=url)

    assert 0 == code
    assert "note" == findings["credentials"]["state"]
    assert "app type" not in findings
    assert "called without a token" in findings["service URL"]["said"]


def test_multi_tenant(doctor, bot):
    """
    Without a tenant the app is taken for a multi-tenant one, and that is said.
    """
    bot(TENANT_ID="")

    findings, _ = doctor()

    assert findings["app type"]["said"].startswith("multi-tenant")
    assert "/botframework.com" in findings["app type"]["said"]


def test_secret_file_that_others_can_read(doctor, bot, tmp_path):
    """
    A secret that lies open is worth a word.
    """
    bot(APP_SECRET="")
    secret = tmp_path / "secret.txt"
    secret.write_text(APP_SECRET)
    secret.chmod(0o644)

    findings, code = doctor(secret_file="secret.txt")
    secret.chmod(0o600)
    closed, _ = doctor(secret_file="secret.txt")

    assert (0, "note") == (code, findings["credentials"]["state"])
    assert "chmod 600 secret.txt" == findings["credentials"]["do"]
    assert "ok" == closed["credentials"]["state"]


@pytest.mark.usefixtures("bot")
def test_secret_on_standard_input(run):
    """
    A secret that came on standard input has no file that others could read.
    """
    done = run(
        "doctor", "--secret-file", "-", "--login-url", "https://127.0.0.1:1",
        "--service-url", "nowhere", input=APP_SECRET,
    )  # fmt: skip

    assert "ok: credentials: app 0000…b07a, with a secret from -\n" in done.stdout


@pytest.mark.usefixtures("bot")
def test_proxy_that_is_none_to_go_through(doctor, monkeypatch):
    """
    A SOCKS proxy is told, with what to do, and nobody is asked through it.
    """
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")

    findings, code = doctor(
        login_url="https://login.invalid",
        service_url="https://service.invalid",
        trusted_host="service.invalid",
    )

    assert (2, "bad") == (code, findings["proxy"]["state"])
    assert "SOCKS is not spoken here" in findings["proxy"]["said"]
    assert "NO_PROXY" in findings["proxy"]["do"]
    assert ["skipped"] * 4 == [
        findings[name]["state"] for name in ("login host", "service host", "token", "service")
    ]


def test_proxy_that_is_on_nobodys_way(doctor, url, monkeypatch):
    """
    A proxy that no call takes keeps nothing from working.
    """
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    findings, code = doctor(service_url=url)

    assert 0 == code
    assert "none; hosts are reached directly" == findings["proxy"]["said"]
    assert "ok" == findings["service host"]["state"]


def test_proxy_without_credentials(doctor, url, monkeypatch):
    """
    Where nobody asks for a token, the way to the login host does not matter.
    """
    monkeypatch.setenv("HTTPS_PROXY", "socks5://127.0.0.1:1")

    findings, code = doctor(service_url=url)

    assert (0, "ok") == (code, findings["proxy"]["state"])


@pytest.mark.parametrize("told", ["socks5://127.0.0.1:1", "127.0.0.1:3128"])
@pytest.mark.usefixtures("bot")
def test_proxy_option_that_is_none(doctor, told):
    """
    One that was given is looked at likewise, wherever the hosts are.
    """
    findings, code = doctor(proxy=told)

    assert (2, "bad") == (code, findings["proxy"]["state"])
    assert findings["proxy"]["said"].startswith("of --proxy: ")
    assert "skipped" == findings["service"]["state"]


@pytest.mark.usefixtures("bot")
def test_plain_lines(run):
    """
    Elsewhere than on a terminal it is a line a finding, with what to do.
    """
    done = run("doctor", "--login-url", "https://127.0.0.1:1", "--service-url", "nowhere")

    lines = done.stdout.splitlines()
    assert 2 == done.exit_code
    assert any(line.startswith("ok: credentials: app 0000…b07a, with") for line in lines)
    assert any(line.startswith("bad: login host:") and " -> check" in line for line in lines)


@pytest.mark.usefixtures("bot")
def test_terminal(run):
    """
    On a terminal each has its mark.
    """
    environment = {"FORCE_COLOR": "1", "COLUMNS": "120", "TERM": "xterm"}

    done = run(
        "doctor", "--login-url", "https://127.0.0.1:1", "--service-url", "x", env=environment
    )

    assert "✓ credentials" in done.stdout
    assert "✗ login host" in done.stdout
    assert "· token" in done.stdout


def urls(*told):
    return [httpx.URL(url) for url in told]


def settings(**changes):
    told = {
        "app_id": APP_ID,
        "secret": APP_SECRET,
        "secret_from": "CONNECTOR_APP_SECRET",
        "tenant_id": None,
        "service_url": None,
        "cloud_name": "public",
        "login_url": None,
        "trusted_hosts": (),
        "ca_file": None,
        "proxy": None,
        "deadline": 5.0,
    }
    return Settings(**told | changes)


@pytest.mark.parametrize(
    ("ahead", "state", "said"),
    [
        (29, "ok", "goes as the login host's does"),
        (31, "note", "31 s ahead of"),
        (-299, "note", "299 s behind"),
        (301, "bad", "301 s ahead of"),
        (-3600, "bad", "3600 s behind"),
    ],
)
def test_clock_skew(ahead, state, said):
    """
    A clock that is off is worth a word, and past five minutes it is bad.
    """
    finding = about_skew(httpx.Headers({"date": NOON}), AT_NOON + ahead)

    assert state == finding.state
    assert said in finding.said


@pytest.mark.parametrize("headers", [{}, {"date": "noon"}])
def test_no_date(headers):
    """
    Where a host does not tell the time, nothing is said of it.
    """
    assert about_skew(httpx.Headers(headers), AT_NOON) is None


CLAIMS = {"aud": "https://api.botframework.com", "appid": APP_ID, "exp": AT_NOON + 3600}


@pytest.mark.parametrize(
    ("changes", "state", "told"),
    [
        ({}, "ok", ""),
        ({"aud": "https://graph.microsoft.com"}, "bad", "choose the bot's own --cloud"),
        ({"appid": "another"}, "bad", "check CONNECTOR_APP_ID"),
        ({"exp": AT_NOON - 1}, "bad", "set this machine's clock (NTP)"),
        ({"exp": "soon"}, "ok", ""),
    ],
)
def test_claims(changes, state, told):
    """
    A token for somebody else, of somebody else, or that is over, is found out.
    """
    finding = about_claims(CLAIMS | changes, settings(), AT_NOON)

    assert (state, told) == (finding.state, finding.do)


def test_claims_are_redacted():
    """
    Of claims that are not known to be harmless, only the names are shown.
    """
    told = redacted({"aud": "x", "tid": TENANT_ID, "exp": 0, "nbf": "?", "iat": 1e99, "upn": "ada"})

    assert (
        f"aud x, tid {TENANT_ID[:4]}…{TENANT_ID[-4:]}, iat which is no time, "
        "nbf which is no time, exp 1970-01-01T00:00:00Z, hidden: upn"
    ) == told


@pytest.mark.parametrize("token", ["opaque", "a.b.c", "a.W10.c", "a.é.c"])
def test_tokens_that_cannot_be_read(token):
    """
    A token that is no JWT is no fault.
    """
    assert claims_of(token) is None
    assert "ok" == about_claims(None, settings(), AT_NOON).state


@pytest.mark.parametrize("place", ["gone.txt", "-", os.devnull])
def test_secret_that_lies_nowhere(place):
    """
    What is no file, or no longer, has no mode to find fault with.
    """
    finding = about_credentials(settings(secret_from=place))

    assert "ok" == finding.state


def test_ids_are_shortened():
    """
    A GUID is cut wherever it stands.
    """
    assert "https://sts/0000…b07a/" == shortened(f"https://sts/{APP_ID}/")


def test_proxy_of_the_environment(monkeypatch):
    """
    A proxy is named, without its password, and with the hosts that go past it.
    """
    monkeypatch.setenv("HTTPS_PROXY", "http://me:sesame@proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "direct.example")

    finding = about_proxy(settings(), urls("https://login.example", "https://direct.example"))

    told = "http://***@proxy.example:3128, from the environment, but not for direct.example"
    assert told == finding.said


def test_proxies_by_scheme(monkeypatch):
    """
    What is called by http has its own proxy.
    """
    monkeypatch.setenv("HTTPS_PROXY", "proxy.example:3128")
    monkeypatch.setenv("HTTP_PROXY", "https://[::1]:3129")

    finding = about_proxy(settings(), urls("https://login.example", "http://service.example"))

    told = "http://proxy.example:3128 and https://[::1]:3129, from the environment"
    assert told == finding.said


def test_proxy_of_the_options(monkeypatch):
    """
    A proxy that was given is for all hosts.
    """
    monkeypatch.setenv("HTTPS_PROXY", "socks5://elsewhere.example")
    monkeypatch.setenv("NO_PROXY", "*")

    finding = about_proxy(settings(proxy="http://proxy.example"), urls("https://login.example"))

    assert "http://proxy.example:80, from --proxy" == finding.said


@pytest.mark.parametrize(
    ("proxy", "state"),
    [
        ("http://me:sesame@proxy.example:3128", "ok"),
        ("me:sesame@proxy.example:3128", "bad"),
        ("http://me:ses/ame@proxy.example", "bad"),
        ("http://me:12/sesame@proxy.example", "bad"),
        ("http://me:12?sesame@proxy.example", "bad"),
        ("http://me:12#sesame@proxy.example", "bad"),
        ("socks5://me:sesame@proxy.example", "bad"),
    ],
)
def test_proxy_is_told_without_its_password(proxy, state):
    """
    However a proxy is written, no part of its password is shown.
    """
    finding = about_proxy(settings(proxy=proxy), urls("https://login.example"))

    assert state == finding.state
    assert not [part for part in ("ses", "ame@", ":12") if part in finding.said + finding.do]


def test_environments_proxy_without_a_scheme(monkeypatch):
    """
    The environment may leave the scheme out; the password is hidden all the same.
    """
    monkeypatch.setenv("HTTPS_PROXY", "me:sesame@proxy.example:3128")

    finding = about_proxy(settings(), urls("https://login.example"))

    assert "http://***@proxy.example:3128, from the environment" == finding.said


def test_settings_hide_what_is_secret():
    """
    Neither the secret nor a proxy's password stands in what is printed of settings.
    """
    told = repr(settings(secret="sesame", proxy="http://me:sesame@proxy"))

    assert "sesame" not in told


@pytest.mark.parametrize(
    ("status", "state", "said"),
    [
        (200, "ok", "login.example is reached, and its certificate is believed"),
        (400, "bad", f"login.example does not know the tenant {shortened(TENANT_ID)}"),
        (503, "note", "it answers 503"),
    ],
)
def test_login_host(status, state, said):
    """
    A login host that does not know the tenant is told apart from one in trouble.
    """
    request = httpx.Request("GET", "https://login.example/x")

    finding = about_login(httpx.Response(status, request=request), TENANT_ID)

    assert state == finding.state
    assert said in finding.said


@pytest.mark.parametrize(
    ("code", "do"),
    [
        ("AADSTS90002", "--cloud"),
        ("AADSTS7000222", "make a new secret"),
        ("AADSTS50000", "look AADSTS50000 up"),
        (None, "the proxy"),
    ],
)
def test_what_to_do_about_a_refusal(code, do):
    """
    Each refusal has its advice.
    """
    assert do in about_code(code)
