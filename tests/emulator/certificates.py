"""
Certificates of a bot's own, and what names them.
"""

import base64
import datetime as dt

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID


def certified(key):
    """
    A certificate of a key, as PEM.
    """
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bot")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(dt.datetime(2120, 1, 1, tzinfo=dt.UTC))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


def fingerprint(pem):
    """
    The SHA-1 digest of a certificate.
    """
    return x509.load_pem_x509_certificate(pem.encode()).fingerprint(hashes.SHA1())


def thumbprint(pem):
    """
    What an assertion names a certificate by.
    """
    return base64.urlsafe_b64encode(fingerprint(pem)).rstrip(b"=").decode()
