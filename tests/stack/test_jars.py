from stack import jars


def test_the_coordinates_fit_the_installed_spark_and_delta():
    assert jars.delta_coordinates() == "io.delta:delta-spark_4.2_2.13:4.4.0"


def test_the_main_jar_alone_says_whether_delta_is_there(tmp_path):
    coordinates = ["io.delta:delta-spark_4.2_2.13:4.4.0"]
    (tmp_path / "io.delta_delta-storage-4.4.0.jar").touch()
    (tmp_path / "io.delta_delta-spark_4.2_2.13-4.3.0.jar").touch()
    assert not jars.installed(tmp_path, coordinates)
    (tmp_path / "io.delta_delta-spark_4.2_2.13-4.4.0.jar").touch()
    assert jars.installed(tmp_path, coordinates)


def test_this_environment_has_delta_and_its_local_file_system_beside_spark():
    assert jars.installed(jars.spark_home() / "jars", jars.required())


def test_one_missing_main_jar_is_missed(tmp_path):
    wanted = ["io.delta:delta-spark_4.2_2.13:4.4.0", jars.LOCAL_FILES]
    (tmp_path / "io.delta_delta-spark_4.2_2.13-4.4.0.jar").touch()
    assert not jars.installed(tmp_path, wanted)
