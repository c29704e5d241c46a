import os
import socket

import pytest

from stack.errors import StackError
from stack.ports import HOST, Ports


@pytest.mark.server
def test_a_taken_port_is_told_with_its_holder_and_a_way_out():
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StackError) as told:
            Ports(mlflow=port).require_free(["mlflow"])
    message = str(told.value)
    assert f"Port {port}, which MLFLOW_PORT gives to mlflow, is taken by" in message
    assert f"(pid {os.getpid()})" in message
    assert "MLFLOW_PORT=" in message.split("e.g. ")[1]
    assert "\n" not in message


@pytest.mark.server
def test_all_taken_ports_are_told_at_once_with_others_for_each():
    with socket.create_server((HOST, 0)) as one, socket.create_server((HOST, 0)) as other:
        first, second = (it.getsockname()[1] for it in (one, other))
        with pytest.raises(StackError) as told:
            Ports(airflow=first, mlflow=second).require_free(["airflow", "mlflow"])
    message = str(told.value)
    assert f"Port {first}, which" in message and f"Port {second}, which" in message and "\n" not in message
    words = message.split("e.g. ")[1].split()
    chosen = Ports.from_environ(dict(word.split("=") for word in words if "=" in word))
    assert words[-2:] == ["make", "up"] and len({chosen.airflow, chosen.mlflow, first, second}) == 4


@pytest.mark.server
def test_free_ports_are_free_and_no_two_are_the_same():
    ports = Ports.free()
    names = ["airflow", "mlflow", "spark_connect", "spark_ui"]
    assert len({getattr(ports, name) for name in names}) == len(names)
    ports.require_free(names)


def test_ports_come_from_the_environment_and_else_are_the_defaults():
    ports = Ports.from_environ({"AIRFLOW_PORT": "8081", "MLFLOW_PORT": ""})
    assert (ports.airflow, ports.mlflow, ports.spark_connect) == (8081, 5000, 15002)


@pytest.mark.parametrize("value", ["abc", "0", "65536", "-1", "50.5"])
def test_a_port_that_is_none_is_refused_by_the_name_of_its_variable(value):
    with pytest.raises(StackError, match=rf"SPARK_UI_PORT={value} is not a port"):
        Ports.from_environ({"SPARK_UI_PORT": value})
