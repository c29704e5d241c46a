"""The jars that Spark needs besides its own, copied once into PySpark's jar folder.

Delta Lake's, a local file system that calls Java where Hadoop's own starts three processes a file, and what reads object stores
(13 MB: of Amazon's SDK the parts that are used). From there every
Spark of this environment has them on its class path with no flag and no network: a local session, `spark-submit` and the
Connect server alike. Delta's wheel has no jars, and resolving them at each start costs a second and a connection.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from stack.errors import StackError

# Spark ships these itself, in versions of its own. Of two versions on one class path either may be loaded, and leaving them
# out makes the download 13 MB instead of 87.
SHIPPED_WITH_SPARK = (
    "com.fasterxml.jackson.core",
    "com.fasterxml.jackson.datatype",
    "com.github.luben",
    "com.google.code.findbugs",
    "commons-codec",
    "commons-logging",
    "commons-pool",
    "io.airlift",
    "io.netty",
    "javax.annotation",
    "org.apache.httpcomponents",
    "org.apache.logging.log4j",
    "org.apache.parquet",
    "org.locationtech.jts",
    "org.roaringbitmap",
    "org.slf4j",
    "org.xerial.snappy",
)
# The same by name: of these groups one is wanted. The bundle is Amazon's whole SDK.
NOT_WANTED = (
    "org.apache.hadoop:hadoop-client",
    "org.apache.hadoop:hadoop-client-api",
    "org.apache.hadoop:hadoop-client-runtime",
    "org.apache.hadoop:hadoop-common",
    "software.amazon.awssdk:bundle",
)


# Its class is named in lakehouse.storage.spark_config.
LOCAL_FILES = "com.globalmentor:hadoop-bare-naked-local-fs:0.1.0"

# Of the release of Hadoop that PySpark has, and the SDK's that it was built with.
HADOOP, AMAZON_SDK = "3.5.0", "2.35.4"
OBJECT_STORES = (
    *(f"software.amazon.awssdk:{part}:{AMAZON_SDK}" for part in ("s3", "s3-transfer-manager", "sts", "apache-client")),
    "software.amazon.s3.analyticsaccelerator:analyticsaccelerator-s3:1.3.1",
    "org.wildfly.openssl:wildfly-openssl:2.2.5.Final",
    f"org.apache.hadoop:hadoop-aws:{HADOOP}",
)


def spark_home() -> Path:
    """The folder of the installed PySpark, which is a whole Spark."""
    spec = find_spec("pyspark")
    if spec is None or spec.origin is None:
        raise StackError("PySpark is not installed in this environment: run `make env`.")
    return Path(spec.origin).parent


def delta_coordinates() -> str:
    """Maven coordinates of the Delta that fits the installed pyspark and delta-spark."""
    spark = ".".join(version("pyspark").split(".")[:2])
    return f"io.delta:delta-spark_{spark}_2.13:{version('delta-spark')}"


def required() -> tuple[str, ...]:
    """Maven coordinates of all the jars to install."""
    return LOCAL_FILES, *OBJECT_STORES, delta_coordinates()


def installed(folder: Path, coordinates: Sequence[str]) -> bool:
    """Whether ``folder`` has the main jar of each; they are copied last, so those that they need are there too."""
    return all((folder / _main_jar(one)).exists() for one in coordinates)


def install(folder: Path, coordinates: Sequence[str]) -> list[Path]:
    """Fetch the jars with Spark's own resolver and copy them into ``folder``, replacing older ones.

    Raises:
        StackError: the resolver did not fetch a main jar (no network, or no such version).
    """
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="ivy-") as ivy:
        answer = _resolve(coordinates, Path(ivy))
        fetched = sorted(Path(ivy, "jars").glob("*.jar"))
        main = [_main_jar(one) for one in coordinates]
        if not set(main) <= {jar.name for jar in fetched}:
            reasons = re.findall(r"(?:unresolved dependency|Host .* not found|Server access error).*", answer)
            cause = "; ".join(dict.fromkeys(reasons)) or answer.strip()[-500:]
            raise StackError(
                f"Spark's resolver could not fetch {', '.join(coordinates)} from Maven Central ({cause}). "
                "Check the network, or name a mirror: SPARK_JARS_REPOSITORY=https://... make env"
            )
        groups = {one.split(":")[0] for one in coordinates}
        for old in [jar for group in groups for jar in folder.glob(f"{group}_*.jar")]:
            old.unlink()
        for jar in sorted(fetched, key=lambda path: path.name in main):
            part = folder / f"{jar.name}.part"
            shutil.copyfile(jar, part)
            part.replace(folder / jar.name)
    return [folder / jar.name for jar in fetched]


def _main_jar(coordinate: str) -> str:
    group, artifact, release = coordinate.split(":")
    return f"{group}_{artifact}-{release}.jar"


def _resolve(coordinates: Sequence[str], ivy: Path) -> str:
    # Spark resolves packages before it runs anything; `SparkSubmit --version` is the least it can run.
    command = [str(spark_home() / "bin" / "spark-submit"), "--master", "local[1]"]
    command += ["--packages", ",".join(coordinates), "--conf", f"spark.jars.ivy={ivy}"]
    command += ["--exclude-packages", ",".join([*(f"{group}:*" for group in SHIPPED_WITH_SPARK), *NOT_WANTED])]
    if mirror := os.environ.get("SPARK_JARS_REPOSITORY"):
        command += ["--repositories", mirror]
    command += ["--class", "org.apache.spark.deploy.SparkSubmit", "spark-internal", "--version"]
    environ = {key: value for key, value in os.environ.items() if key not in ("SPARK_REMOTE", "SPARK_HOME")}
    answer = subprocess.run(command, capture_output=True, text=True, env=environ, check=False)
    return answer.stdout + answer.stderr


if __name__ == "__main__":
    try:
        jars = spark_home() / "jars"
        if not installed(jars, required()):
            install(jars, required())
    except StackError as error:
        sys.exit(str(error))
