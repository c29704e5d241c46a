from __future__ import annotations

import datetime as dt
import os
import stat
import subprocess
from pathlib import Path

import pytest

from stack.cluster import __main__ as command
from stack.cluster import certificates, confinement, topology
from stack.cluster.authority import Authority
from stack.cluster.certificates import RENEW_DAYS
from stack.errors import StackError

NOW = dt.datetime(2030, 5, 6, 7, tzinfo=dt.UTC)
SERVERS = {"store": ["store", "localhost"], "database": ["database"]}
YEAR = dt.timedelta(days=365)


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_each_server_gets_a_certificate_and_keys_are_the_owners_alone(tmp_path: Path) -> None:
    made = certificates.ensure(tmp_path, SERVERS, NOW)
    assert {Path(file).name for file in made} == {"ca.pem", "server.pem"}
    assert contents(tmp_path).keys() == {*("ca.pem", "ca.p12", "ca.key.pem", "store/server.pem", "database/server.pem")}
    assert all(mode(tmp_path / file) == 0o600 for file in ("ca.key.pem", "store/server.pem", "database/server.pem"))
    assert b"PRIVATE" not in (tmp_path / "ca.pem").read_bytes()
    assert (tmp_path / "store/server.pem").read_bytes() != (tmp_path / "database/server.pem").read_bytes()


def test_what_is_good_stays(tmp_path: Path) -> None:
    certificates.ensure(tmp_path, SERVERS, NOW)
    before = contents(tmp_path)
    assert certificates.ensure(tmp_path, SERVERS, NOW + dt.timedelta(days=300)) == []
    assert contents(tmp_path) == before


def test_what_ends_in_a_month_or_lacks_a_name_is_made_anew_by_the_same_authority(tmp_path: Path) -> None:
    certificates.ensure(tmp_path, SERVERS, NOW)
    known = contents(tmp_path)["ca.pem"]
    more = {**SERVERS, "store": [*SERVERS["store"], "10.77.3.10"]}
    assert certificates.ensure(tmp_path, more, NOW) == [str(tmp_path / "store/server.pem")]
    late = NOW + YEAR + dt.timedelta(days=20)
    assert certificates.left(tmp_path, late)["database"] < RENEW_DAYS
    assert len(certificates.ensure(tmp_path, more, late)) == 2
    assert certificates.left(tmp_path, late)["database"] > RENEW_DAYS
    assert contents(tmp_path)["ca.pem"] == known


def test_an_authority_that_has_expired_is_told_of(tmp_path: Path) -> None:
    certificates.ensure(tmp_path, SERVERS, NOW)
    with pytest.raises(
        StackError, match=r"ca\.pem: expected an authority that is good still, found that it expired \d+ days ago"
    ):
        certificates.ensure(tmp_path, SERVERS, NOW + 11 * YEAR)


def test_certificates_that_are_brought_are_looked_at_and_never_written_over(tmp_path: Path) -> None:
    ours, others = Authority.made("ours", NOW), Authority.made("another's", NOW)
    (tmp_path / "ca.pem").write_bytes(ours.pem)
    for name, called in SERVERS.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "server.pem").write_bytes(ours.issue(called, NOW))
    assert certificates.ensure(tmp_path, SERVERS, NOW) == []
    foreign = others.issue(SERVERS["store"], NOW)
    for wrong, told in (
        (foreign, "as store"),
        (b"no certificate", "found"),
        (foreign.partition(b"-----BEGIN CERT")[0] + ours.pem, "as store"),
        (ours.pem, "no key in it"),
    ):
        (tmp_path / "store" / "server.pem").write_bytes(wrong)
        with pytest.raises(StackError, match=r"store/server\.pem: expected a key and a certificate") as error:
            certificates.ensure(tmp_path, SERVERS, NOW)
        assert told in str(error.value)
        assert (tmp_path / "store" / "server.pem").read_bytes() == wrong
    (tmp_path / "store" / "server.pem").unlink()
    with pytest.raises(StackError, match="found nothing; put there what your authority issues"):
        certificates.ensure(tmp_path, SERVERS, NOW)


def test_a_foreign_certificate_is_not_written_over_by_an_authority_that_could(tmp_path: Path) -> None:
    certificates.ensure(tmp_path, SERVERS, NOW)
    foreign = Authority.made("another's", NOW).issue(SERVERS["store"], NOW)
    (tmp_path / "store" / "server.pem").write_bytes(foreign)
    with pytest.raises(StackError, match="put there what your authority issues"):
        certificates.ensure(tmp_path, SERVERS, NOW)


@pytest.mark.process
def test_java_knows_the_authority_without_a_password(tmp_path: Path) -> None:
    certificates.ensure(tmp_path, SERVERS, NOW)
    asked = ["keytool", "-list", "-keystore", str(tmp_path / "ca.p12"), "-storetype", "PKCS12", "-storepass", ""]
    told = subprocess.run([*asked, "-J-XX:TieredStopAtLevel=1"], capture_output=True, text=True, input="\n").stdout
    assert "trustedCertEntry" in told


def test_the_command_makes_them_for_every_host_that_serves_and_says_how_long_they_are_good(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "certificates"
    assert command.main(["certificates", "--to", str(folder), "--name", "store=s3.example.org"]) == 0
    told = capsys.readouterr().out
    serving = {host.name: host for host in topology.hosts() if host.serves}
    assert {file.parent.name for file in folder.glob("*/server.pem")} == serving.keys()
    assert all(f"{name} " in told for name in serving) and "certificate for 39" in told
    if os.geteuid() == 0:
        owners = {name: (folder / name / "server.pem").stat().st_uid for name in serving}
        assert owners == {name: confinement.user(host) for name, host in serving.items()}
    else:
        assert f"chown {confinement.user(serving['database'])} " in told
    assert command.main(["certificates", "--to", str(folder), "--name", "store=s3.example.org"]) == 0
    assert "nothing was made" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["nobody=x", "store", "store="])
def test_a_further_name_has_to_be_a_hosts(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["certificates", "--to", str(tmp_path), "--name", name]) == 1
    assert "--name: expected HOST=NAME with one of store, database" in capsys.readouterr().err
