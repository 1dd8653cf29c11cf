"""
Whom to believe, and how to be believed, over TLS.
"""

from __future__ import annotations

import os
import ssl

import certifi

StrPath = str | os.PathLike[str]


def tls_context(
    *,
    ca_file: StrPath | None = None,
    ssl_context: ssl.SSLContext | None = None,
    client_certificate: StrPath | tuple[StrPath, StrPath] | None = None,
) -> ssl.SSLContext | None:
    """
    The TLS settings that these options mean; None where none is given.

    Args:
        ca_file: PEM; these authorities are believed, and no others.
        ssl_context: Taken as it is.
        client_certificate: PEM with certificate and key, or a pair of two files.

    Raises:
        ValueError: Both *ca_file* and *ssl_context*, or a file that cannot be read; without
            *ca_file* that may be `SSL_CERT_FILE`.
        TypeError: An *ssl_context* that is none.
    """
    if ssl_context is not None and not isinstance(ssl_context, ssl.SSLContext):  # pyright: ignore[reportUnnecessaryIsInstance]: callers without types
        raise TypeError(f"ssl_context is an ssl.SSLContext, not {type(ssl_context).__name__}")
    if ssl_context is not None and (ca_file is not None or client_certificate is not None):
        raise ValueError(
            "ssl_context is taken as it is: load ca_file and client_certificate into it, "
            "or leave it out"
        )
    if ca_file is None and client_certificate is None:
        return ssl_context
    context = usual_context() if ca_file is None else _believing(ca_file)
    if client_certificate is not None:
        _load(context, client_certificate)
    return context


def usual_context() -> ssl.SSLContext:
    """
    What httpx believes, too: certifi's authorities, or `SSL_CERT_FILE`'s or `SSL_CERT_DIR`'s.

    Raises:
        ValueError: A `SSL_CERT_FILE` that cannot be read.
    """
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if not file and not folder:
        return ssl.create_default_context(cafile=certifi.where())
    try:
        return ssl.create_default_context(cafile=file or None, capath=folder or None)
    except (OSError, ssl.SSLError) as error:
        raise ValueError(
            f"SSL_CERT_FILE {file!r} cannot be used: {error}; correct it, unset it, or pass "
            "ca_file or an ssl_context"
        ) from error


def _believing(ca_file: StrPath) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ValueError(f"ca_file {os.fspath(ca_file)!r} cannot be used: {error}") from error


def _load(context: ssl.SSLContext, certificate: StrPath | tuple[StrPath, StrPath]) -> None:
    chain, key = certificate if isinstance(certificate, tuple) else (certificate, None)
    try:
        # A password, lest OpenSSL ask for one at the terminal.
        context.load_cert_chain(chain, key, password="")
    except (OSError, ssl.SSLError) as error:
        raise ValueError(
            f"client_certificate cannot be used: {error}. It is a PEM file with certificate "
            "and key, or a pair (certificate, key), the key not encrypted; for others load "
            "them into an ssl_context."
        ) from error
