import base64
import threading
import traceback

import jwt
import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from connector_async._clock import SystemClock
from connector_async.auth.credentials import (
    ClientCertificate,
    FederatedAssertion,
)

from .fakes import fetch, refused
from .identity import APP, TENANT, refusal

SCOPE = "https://api.botframework.com/.default"


@pytest.fixture(scope="session")
def certificate():
    """
    A certificate of the app's, with its private key.
    """
    return trustme.CA().issue_cert("bot.example", key_type=trustme.KeyType.RSA)


def pem(certificate):
    return certificate.private_key_pem.bytes().decode()


def public(certificate):
    return certificate.cert_chain_pems[0].bytes().decode()


def x509_of(certificate):
    return x509.load_pem_x509_certificate(public(certificate).encode())


async def test_certificate(identity, network, certificate):
    """
    A certificate signs an assertion for the token endpoint, and names itself.
    """
    thumbprint = x509_of(certificate).fingerprint(hashes.SHA1())
    credential = ClientCertificate(
        APP, private_key=pem(certificate), thumbprint=thumbprint.hex(":").upper()
    )

    await fetch(credential, identity, network)

    [asked] = identity.of("token")
    assertion = asked.fields["client_assertion"]
    assert (
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        == asked.fields["client_assertion_type"]
    )
    assert "client_secret" not in asked.fields
    header = jwt.get_unverified_header(assertion)
    assert base64.urlsafe_b64encode(thumbprint).decode() == header["x5t"]
    assert "x5c" not in header
    endpoint = f"{identity.url}/botframework.com/oauth2/v2.0/token"
    claims = jwt.decode(
        assertion, x509_of(certificate).public_key(), algorithms=["RS256"], audience=endpoint
    )
    assert (APP, APP) == (claims["iss"], claims["sub"])
    assert 600 == pytest.approx(claims["exp"] - claims["iat"])


@pytest.mark.parametrize("where", ["beside", "with the key", "pfx"])
async def test_certificate_that_is_sent(identity, network, certificate, tmp_path, where):
    """
    With the certificate at hand its thumbprint is calculated, and it is sent along.
    """
    credential = {
        "beside": lambda: ClientCertificate(
            APP,
            private_key=pem(certificate),
            public_certificate=public(certificate),
            tenant_id=TENANT,
        ),
        "with the key": lambda: ClientCertificate(
            APP, private_key=lambda: public(certificate) + pem(certificate), tenant_id=TENANT
        ),
        "pfx": lambda: ClientCertificate(
            APP,
            pfx=a_pfx(tmp_path, certificate),
            passphrase=lambda: "open-sesame",
            public_certificate=True,
            tenant_id=TENANT,
        ),
    }[where]()

    await fetch(credential, identity, network)

    [asked] = identity.of("token")
    assertion = asked.fields["client_assertion"]
    header = jwt.get_unverified_header(assertion)
    der = x509_of(certificate).public_bytes(serialization.Encoding.DER)
    assert [der] == [base64.b64decode(each) for each in header["x5c"]]
    thumbprint = x509_of(certificate).fingerprint(hashes.SHA256())
    assert base64.urlsafe_b64encode(thumbprint).decode() == header["x5t#S256"]
    jwt.decode(
        assertion,
        x509_of(certificate).public_key(),
        algorithms=["PS256"],
        audience=f"{identity.url}/{TENANT}/oauth2/v2.0/token",
    )


def a_pfx(folder, certificate):
    key = serialization.load_pem_private_key(pem(certificate).encode(), None)
    path = folder / "bot.pfx"
    path.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"bot",
            key,
            x509_of(certificate),
            None,
            serialization.BestAvailableEncryption(b"open-sesame"),
        )
    )
    return path


async def test_pfx_without_sending_it(identity, network, certificate, tmp_path):
    """
    A PFX file's certificate is only named unless it is to be sent.
    """
    credential = ClientCertificate(APP, pfx=a_pfx(tmp_path, certificate), passphrase="open-sesame")

    await fetch(credential, identity, network)

    [asked] = identity.of("token")
    assert "x5c" not in jwt.get_unverified_header(asked.fields["client_assertion"])


async def test_bad_certificates(identity, network, certificate, tmp_path):
    """
    What is wrong with a certificate is told; the passphrase and the key are not.
    """
    missing = ClientCertificate(APP, pfx=tmp_path / "missing.pfx")
    locked = ClientCertificate(APP, pfx=a_pfx(tmp_path, certificate), passphrase="close-sesame")
    garbage = ClientCertificate(
        APP,
        private_key="-----BEGIN PRIVATE KEY-----\nhush\n-----END PRIVATE KEY-----",
        thumbprint="ab" * 20,
    )
    public_only = ClientCertificate(
        APP, private_key=lambda: public(certificate), thumbprint="ab" * 20
    )

    texts = [
        str(await refused(credential, identity, network))
        for credential in (missing, locked, garbage, public_only)
    ]

    assert "missing.pfx" in texts[0]
    assert "Invalid password" in texts[1]
    assert f"no token for app {APP}" in texts[2]
    assert "private_key: there is no PRIVATE KEY in this PEM text" in texts[3]
    assert not any(word in text for text in texts for word in ("hush", "close-sesame"))


async def test_no_assertion_is_quoted(identity, network, certificate, monkeypatch):
    """
    An assertion that the key signed is quoted by no error either.
    """

    def quote(asked):
        said = f"no: {asked.fields['client_assertion']}"
        return 400, {"error": "bad", "error_description": said}

    monkeypatch.setattr(identity, "_grant_app", quote)
    error = await refused(
        ClientCertificate(APP, private_key=pem(certificate) + public(certificate)),
        identity,
        network,
    )

    assert "no: [hidden]" in str(error)


def key_of(certificate, passphrase):
    """
    The certificate's key, encrypted.
    """
    key = serialization.load_pem_private_key(pem(certificate).encode(), None)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase.encode()),
    ).decode()


async def test_encrypted_key(identity, network, certificate):
    """
    A key with a passphrase is opened.
    """
    credential = ClientCertificate(
        APP,
        private_key=key_of(certificate, "open-sesame"),
        passphrase="open-sesame",
        public_certificate=public(certificate),
    )

    assert "granted-1" == (await fetch(credential, identity, network)).token


async def test_a_short_passphrase(identity, network, certificate):
    """
    A passphrase so short that any text may have it takes nothing from what the provider says.
    """
    identity.answer("token", status=400, body=refusal(700027, "The signature is wrong."))
    error = await refused(
        ClientCertificate(
            APP,
            private_key=key_of(certificate, "7000"),
            public_certificate=public(certificate),
            passphrase="7000",
        ),
        identity,
        network,
    )

    assert "AADSTS700027" == error.code
    assert "AADSTS700027: The signature is wrong. The signature was not accepted" in str(error)


async def test_federated_by_callable(identity, network):
    """
    The callable is asked for each token, in the worker thread.
    """
    calls = []

    def assertion():
        calls.append(threading.current_thread())
        return f"header.claims-{len(calls)}.signature"

    credential = FederatedAssertion(APP, assertion, tenant_id=TENANT)
    ask = credential.bind(identity.cloud, network, SystemClock())
    await ask()
    await ask()

    assert [
        "header.claims-1.signature",
        "header.claims-2.signature",
    ] == [asked.fields["client_assertion"] for asked in identity.of("token")]
    assert f"/{TENANT}/oauth2/v2.0/token" == identity.of("token")[0].path
    assert threading.main_thread() not in calls


async def test_federated_by_file(identity, network, tmp_path):
    """
    The token file is read for each token, since it is replaced from time to time.
    """
    path = tmp_path / "token"
    credential = FederatedAssertion(APP, token_file=path, tenant_id=TENANT)
    for content in ("first\n", "second\n"):
        path.write_text(content)
        await fetch(credential, identity, network)

    assert [
        "first",
        "second",
    ] == [asked.fields["client_assertion"] for asked in identity.of("token")]


@pytest.mark.parametrize(
    ("content", "text"), [(None, "No such file"), (b"\n", "is empty"), (b"\xff", "decode")]
)
async def test_federated_by_a_file_that_is_none(identity, network, tmp_path, content, text):
    """
    A token file that is missing, empty or garbage is named.
    """
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)

    error = await refused(
        FederatedAssertion(APP, token_file=path, tenant_id=TENANT), identity, network
    )

    assert "no token: token_file: " in str(error)
    assert text in str(error)
    assert [] == identity.of("token")


async def test_assertion_that_is_not_known(identity, network):
    """
    The refusal of an assertion says what to compare; the assertion is not in it.
    """
    said = "No matching federated identity record for 'header.hush.signature'."
    identity.answer("token", status=400, body=refusal(70021, said))

    error = await refused(
        FederatedAssertion(APP, lambda: "header.hush.signature", tenant_id=TENANT),
        identity,
        network,
    )

    assert "AADSTS70021" == error.code
    assert "for '[hidden]'. No federated credential fits" in str(error)
    assert "hush" not in "".join(traceback.format_exception(error))
