from stack import services
from stack.plan import Plan
from stack.ports import Ports


def written(plan: Plan) -> str:
    services.prepare_spark(plan, {})
    return (plan.spark_home / "connect-server.conf").read_text()


def test_the_spark_server_reaches_the_store_of_the_tables_and_gets_no_key(tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "the-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the-secret")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://store:8333")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ALLOW_HTTP"):
        monkeypatch.setenv(name, "")
    text = written(Plan(tmp_path, Ports(), "s3://lake/warehouse", "/landing", "/include"))
    assert "spark.hadoop.fs.s3a.endpoint http://store:8333\n" in text
    assert "spark.delta.logStore.s3.impl io.delta.storage.HDFSLogStore\n" in text
    assert "the-key" not in text and "the-secret" not in text


def test_folders_need_no_store(tmp_path):
    assert "s3" not in written(Plan(tmp_path, Ports(), "/warehouse", "/landing", "/include"))


def test_models_and_pictures_may_lie_in_a_store(tmp_path):
    environ = {"NIGHTJAR_HOME": str(tmp_path), "MLFLOW_ARTIFACTS_DESTINATION": "s3://lake/mlflow"}
    (mlflow,) = [one for one in services.services(Plan.from_environ(environ)) if one.name == "mlflow"]
    assert mlflow.variables["_MLFLOW_SERVER_ARTIFACT_DESTINATION"] == "s3://lake/mlflow"
