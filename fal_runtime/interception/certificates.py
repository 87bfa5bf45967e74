"""Certificates for host names, from an authority that lives as long as this process.

Its key never leaves memory, it may sign for the platform's domains alone unless it is made for others, and nothing is installed in the
system: processes trust it because their environment names a file with its certificate.
"""

from __future__ import annotations

import datetime
import functools
import ssl
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .hosts import DOMAINS, is_platform

_DAY = datetime.timedelta(days=1)
_LIFE = 365 * _DAY


class Authority:
    """A certificate authority for the platform's domains, or for any host (``domains=None``) where processes see no other network."""

    def __init__(self, title: str = "Local certificate authority of the fal runtime", domains: Sequence[str] | None = DOMAINS) -> None:
        self._domains = domains
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._leaf_key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named(title)
        builder = _builder(self._name, self._name, self._key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_key_usage(signs_certificates=True), critical=True)
        if domains is not None:
            permitted = [x509.DNSName(domain) for domain in domains]
            builder = builder.add_extension(x509.NameConstraints(permitted_subtrees=permitted, excluded_subtrees=None), critical=True)
        self._certificate = builder.sign(self._key, hashes.SHA256())

    @property
    def pem(self) -> str:
        """The authority's certificate."""
        return self._certificate.public_bytes(serialization.Encoding.PEM).decode()

    def context(self) -> ssl.SSLContext:
        """A server's context that shows a certificate for whichever of the authority's names the client asks for."""
        named = ("localhost",) if self._domains is None else self._domains
        default = self._context((*named, *(f"*.{domain}" for domain in named)))
        of_name = functools.lru_cache(maxsize=256)(lambda name: self._context((name,)))

        def choose(connection: ssl.SSLSocket | ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
            if name is not None and (self._domains is None or is_platform(name)):
                connection.context = of_name(name.lower())

        default.sni_callback = choose
        return default

    def _context(self, names: Sequence[str]) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["http/1.1"])
        with tempfile.TemporaryDirectory(prefix="fal-runtime-") as directory:  # ssl reads keys from files only
            file = Path(directory) / "key.pem"
            file.touch(mode=0o600)
            key = self._leaf_key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
            file.write_bytes(key + self._leaf(names).public_bytes(serialization.Encoding.PEM))
            context.load_cert_chain(file)
        return context

    def _leaf(self, names: Sequence[str]) -> x509.Certificate:
        builder = _builder(_named(names[0]), self._name, self._leaf_key.public_key())
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_key_usage(signs_certificates=False), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return builder.add_extension(issuer, critical=False).sign(self._key, hashes.SHA256())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY)
        .not_valid_after(now + _LIFE)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
