"""Certificates of an authority, of servers and of clients, made by openssl."""

import subprocess
from pathlib import Path

_NAMED = "subjectAltName = DNS:localhost\nextendedKeyUsage = serverAuth, clientAuth\n"


def _openssl(directory: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=directory, check=True, capture_output=True)


def authority(directory: Path, name: str) -> Path:
    """Make an authority; return its certificate."""
    words = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
    _openssl(directory, "req", *words, "-keyout", f"{name}.key", "-out", f"{name}.crt")
    return directory / f"{name}.crt"


def signed(
    directory: Path, by: Path, name: str, digest: str = "sha256", *, old: bool = False
) -> Path:
    """Make a certificate that an authority has signed, with its key.

    Args:
        directory: Where it is made.
        by: Certificate of the authority.
        name: Its common name, and the name of its files.
        digest: Digest of the signature.
        old: Whether it is of version 1, without another name.
    """
    words = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr"]
    _openssl(directory, "req", *words, *names)
    (directory / "extensions").write_text(_NAMED)
    files = ["-in", f"{name}.csr", "-CA", by.name, "-CAkey", by.with_suffix(".key").name]
    more = [] if old else ["-extfile", "extensions"]
    words = ["-req", *files, "-CAcreateserial", "-days", "2", f"-{digest}", "-out", f"{name}.crt"]
    _openssl(directory, "x509", *words, *more)
    (directory / f"{name}.key").chmod(0o600)
    return directory / f"{name}.crt"
