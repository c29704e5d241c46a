"""The bill of materials has every package of the lock and every jar, and the same parts give the same bytes."""

import json
import random
import re
import zipfile

import pytest

from stack import bill_of_materials as bills
from stack.errors import StackError

LOCK = bills.LOCK.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def jars(tmp_path_factory):
    folder = tmp_path_factory.mktemp("jars")
    for name, inner in {
        "lz4-java-1.11.0.jar": ["META-INF/maven/at.yawk.lz4/lz4-java/pom.properties"],
        "io.delta_delta-spark_4.2_2.13-4.4.0.jar": [],
        "shaded-1.0.jar": ["META-INF/maven/a.b/shaded/pom.properties", "META-INF/maven/c.d/shaded/pom.properties"],
        "odd.jar": [],
    }.items():
        with zipfile.ZipFile(folder / name, "w") as jar:
            for entry in [*inner, "A.class"]:
                jar.writestr(zipfile.ZipInfo(entry), name)
    (folder / "broken-2.0.jar").write_bytes(b"no zip")
    return list(bills.jars_in(folder))


@pytest.fixture(scope="module")
def written(jars):
    return json.loads(bills.bill([*bills.packages(LOCK), *jars]))


def test_it_has_every_package_of_the_lock_with_its_hashes(written):
    # Counted another way than it is read.
    pinned = {tuple(line.split(" ")[0].split("==")) for line in LOCK.splitlines() if re.match(r"[A-Za-z0-9]", line)}
    found = {(one["name"], one["version"]) for one in written["components"] if one["purl"].startswith("pkg:pypi/")}
    assert len(pinned) > 200
    assert found == {(name.partition("[")[0], version.rstrip(";")) for name, version in pinned}
    hashes = [each["content"] for one in written["components"] if "pypi" in one["purl"] for each in one["hashes"]]
    assert sorted(hashes) == sorted(re.findall(r"sha256:([0-9a-f]{64})", LOCK))


def test_a_jar_has_the_group_that_it_says_or_that_its_file_is_named_after(written):
    found = {
        one["name"]: (one.get("group"), one.get("version")) for one in written["components"] if "maven" in one["purl"]
    }
    assert found == {
        "lz4-java": ("at.yawk.lz4", "1.11.0"),
        "delta-spark_4.2_2.13": ("io.delta", "4.4.0"),
        "shaded": (None, "1.0"),
        "odd": (None, None),
        "broken": (None, "2.0"),
    }


def test_it_is_of_the_version_that_readers_ask_for_and_says_no_time_number_or_path(written):
    assert (written["bomFormat"], written["specVersion"]) == ("CycloneDX", "1.6")
    assert not {"serialNumber"} & written.keys() and "timestamp" not in written["metadata"]
    assert written["metadata"]["component"]["name"] == "nightjar"
    assert not re.search(r'"/|file:', json.dumps(written))


def test_the_order_of_the_parts_changes_no_byte(jars):
    parts = [*bills.packages(LOCK)[:40], *jars]
    one, other = bills.bill(parts), bills.bill(random.Random(7).sample(parts, len(parts)))
    assert one == other


def test_a_lock_without_hashes_is_no_lock():
    with pytest.raises(StackError, match=r"lib==1\.0: expected its hashes in the lock"):
        bills.packages("lib==1.0 ; python_version < '3.12'\n    # via other\n")
