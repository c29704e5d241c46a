"""The certificates of a deployment, in one folder: the authority's, and one for each host that serves by TLS.

    FOLDER/ca.pem           every client knows servers by it
    FOLDER/ca.p12           the same for Java
    FOLDER/ca.key.pem       signs; stays where certificates are made, and is on no host
    FOLDER/HOST/server.pem  a host's key and certificate, in one file

A deployment with an authority of its own, elsewhere, brings ``ca.pem`` and each ``server.pem``, and has no ``ca.key.pem``.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from cryptography import x509

from lakehouse.storage import java_trust
from stack.cluster import authority, confinement
from stack.cluster.authority import Authority
from stack.cluster.host import AUTHORITY, JAVA_AUTHORITY, SERVER, Host
from stack.errors import StackError

AUTHORITY_KEY = "ca.key.pem"
NAME = "Nightjar"
# Certificates that end so soon are made anew.
RENEW_DAYS = 30


def names(host: Host, addresses: Sequence[str] = ()) -> list[str]:
    """By which a host is called: its own name, its addresses, and the machine's loopback, for what is published there."""
    return [host.name, "localhost", "127.0.0.1", *addresses]


def ensure(folder: Path, servers: Mapping[str, Sequence[str]], now: dt.datetime) -> list[str]:
    """Have a certificate that is good for a month for each server; what is good already stays.

    Args:
        folder: of the certificates.
        servers: for each, the names that its certificate has to be for.
        now: the time.

    Returns:
        The files that were made.

    Raises:
        StackError: the authority has expired or can't be read; or a certificate is not good and nothing here may make another.
    """
    signer, made = _authority(folder, now)
    trust = folder / JAVA_AUTHORITY
    if not trust.exists() or f"{folder / AUTHORITY}" in made:
        _write(trust, java_trust.of_pem((folder / AUTHORITY).read_bytes()), 0o644)
    for server, called in servers.items():
        file = folder / server / SERVER
        problem, own = _problem(file, signer, called, now)
        if problem is None:
            continue
        if signer.key is None or not own:
            raise StackError(
                f"{file}: expected a key and a certificate for {', '.join(called)} by the authority in {folder / AUTHORITY}, for "
                f"{RENEW_DAYS} days and more, found {problem}; put there what your authority issues, both in one file"
            )
        _write(file, signer.issue(called, now), 0o600)
        made.append(str(file))
    return made


def left(folder: Path, now: dt.datetime) -> dict[str, int]:
    """The days that each certificate in a folder is good for; of the authority under the name of its file."""
    found = {AUTHORITY: authority.days_left(x509.load_pem_x509_certificate((folder / AUTHORITY).read_bytes()), now)}
    for file in sorted(folder.glob(f"*/{SERVER}")):
        found[file.parent.name] = authority.days_left(x509.load_pem_x509_certificates(file.read_bytes())[0], now)
    return found


def give(folder: Path, hosts: Sequence[Host]) -> list[str]:
    """Give each key to the user whom its image runs the service as; the commands that do it, where only root may."""
    commands = []
    for host in hosts:
        file = folder / host.name / SERVER
        number = confinement.user(host)
        if file.stat().st_uid == number:
            continue
        if os.geteuid() == 0:
            os.chown(file, number, -1)
        else:
            commands.append(f"chown {number} {file}")
    return commands


def _authority(folder: Path, now: dt.datetime) -> tuple[Authority, list[str]]:
    certificate, key = folder / AUTHORITY, folder / AUTHORITY_KEY
    if not certificate.exists():
        created = Authority.made(NAME, now)
        _write(key, created.key_pem, 0o600)
        _write(certificate, created.pem, 0o644)
        return created, [str(certificate)]
    try:
        found = Authority.read(certificate.read_bytes(), key.read_bytes() if key.exists() else None)
    except ValueError as error:
        raise StackError(
            f"{certificate}: expected the certificate of an authority in PEM, found {error}; bring yours, or remove the folder and "
            "have all made anew"
        ) from error
    if (days := authority.days_left(found.certificate, now)) < 0:
        raise StackError(
            f"{certificate}: expected an authority that is good still, found that it expired {-days} days ago: remove {folder}, "
            "have all made anew, and give every host the new ones"
        )
    return found, []


def _problem(file: Path, signer: Authority, called: Sequence[str], now: dt.datetime) -> tuple[str | None, bool]:
    """What is wrong with a server's certificate, and whether another may be made in its place."""
    if not file.exists():
        return "nothing", True
    try:
        content = file.read_bytes()
        chain = x509.load_pem_x509_certificates(content)
    except ValueError as error:
        return str(error), False
    if b"PRIVATE KEY-----" not in content:
        return "no key in it", False
    own = signer.has_signed(chain[0])
    if (days := authority.days_left(chain[0], now)) < RENEW_DAYS:
        return f"that it ends in {days} days" if days >= 0 else f"that it ended {-days} days ago", own
    return signer.problem(chain, called, now), own


def _write(file: Path, content: bytes, mode: int) -> None:
    """Whole or not at all, and never readable for more than ``mode`` says."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
        stream.write(content)
    part.replace(file)
