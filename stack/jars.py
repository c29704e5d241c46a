"""Delta Lake's jars, put once into PySpark's own jar folder.

From there every Spark of this environment has Delta on its class path with no flag and no network: a local session,
`spark-submit` and the Connect server alike. Delta's wheel carries no jars, and resolving them anew would cost each
start a second and a connection.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from stack.errors import StackError

# Spark ships these itself, in versions of its own. A second version on one class path is a lottery, and leaving them
# out makes the download 13 MB instead of 87.
SHIPPED_WITH_SPARK = (
    "com.fasterxml.jackson.core",
    "com.fasterxml.jackson.datatype",
    "com.github.luben",
    "com.google.code.findbugs",
    "commons-logging",
    "commons-pool",
    "io.airlift",
    "javax.annotation",
    "org.apache.hadoop",
    "org.apache.logging.log4j",
    "org.apache.parquet",
    "org.locationtech.jts",
    "org.roaringbitmap",
    "org.slf4j",
    "org.xerial.snappy",
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


def installed(folder: Path, coordinates: str) -> bool:
    """Whether ``folder`` has the main jar of ``coordinates``; it is copied last, so the others are there too."""
    return (folder / _main_jar(coordinates)).exists()


def install(folder: Path, coordinates: str) -> list[Path]:
    """Fetch ``coordinates`` with Spark's own resolver and put the jars into ``folder``, replacing older ones.

    Raises:
        StackError: the resolver did not bring the main jar (no network, or no such version).
    """
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="ivy-") as ivy:
        answer = _resolve(coordinates, Path(ivy))
        found = sorted(Path(ivy, "jars").glob("*.jar"))
        main = _main_jar(coordinates)
        if main not in [jar.name for jar in found]:
            reasons = re.findall(r"(?:unresolved dependency|Host .* not found|Server access error).*", answer)
            told = "; ".join(dict.fromkeys(reasons)) or answer.strip()[-500:]
            raise StackError(
                f"Spark's resolver could not fetch {coordinates} from Maven Central ({told}). "
                "Check the network, or name a mirror: SPARK_JARS_REPOSITORY=https://... make env"
            )
        for old in folder.glob("io.delta_*.jar"):
            old.unlink()
        for jar in sorted(found, key=lambda path: path.name == main):
            part = folder / f"{jar.name}.part"
            shutil.copyfile(jar, part)
            part.replace(folder / jar.name)
    return [folder / jar.name for jar in found]


def _main_jar(coordinates: str) -> str:
    group, artifact, release = coordinates.split(":")
    return f"{group}_{artifact}-{release}.jar"


def _resolve(coordinates: str, ivy: Path) -> str:
    # Spark resolves packages before it runs anything; `SparkSubmit --version` is the least it can be made to run.
    command = [str(spark_home() / "bin" / "spark-submit"), "--master", "local[1]"]
    command += ["--packages", coordinates, "--conf", f"spark.jars.ivy={ivy}"]
    command += ["--exclude-packages", ",".join(f"{group}:*" for group in SHIPPED_WITH_SPARK)]
    if mirror := os.environ.get("SPARK_JARS_REPOSITORY"):
        command += ["--repositories", mirror]
    command += ["--class", "org.apache.spark.deploy.SparkSubmit", "spark-internal", "--version"]
    ours = {key: value for key, value in os.environ.items() if key not in ("SPARK_REMOTE", "SPARK_HOME")}
    answer = subprocess.run(command, capture_output=True, text=True, env=ours, check=False)
    return answer.stdout + answer.stderr


if __name__ == "__main__":
    try:
        jars = spark_home() / "jars"
        if not installed(jars, delta_coordinates()):
            install(jars, delta_coordinates())
    except StackError as error:
        sys.exit(str(error))
