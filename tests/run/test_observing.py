"""Speed, memory and traces are recorded where they are asked for, and change nothing of what is learned."""

import json

import torch

from ymltrain.plan.events import MetricsLogged


def test_speed_and_memory_are_recorded(driver, tmp_path):
    """Rows a second, the shares of a step, and this process's memory; the weights are those of a run that records none."""
    plain = driver.Setup(tmp_path / "plain").train()
    setup = driver.Setup(tmp_path / "observed", {"log_speed": True, "trace": True})
    outcome = setup.train()
    assert all(torch.equal(outcome.weights[name], weights) for name, weights in plain.weights.items())
    logged = [event.values for event in setup.events if isinstance(event, MetricsLogged) and "lr" in event.values]
    assert all(values["speed/rows_per_s"] > 0 and values["memory/host_bytes"] > 1e6 for values in logged)
    shares = [sum(values[f"speed/{phase}_share"] for phase in ("forward", "backward", "optimizer")) for values in logged]
    assert all(0 < share <= 1 for share in shares)


def test_a_trace_holds_steps(driver, tmp_path):
    """It is what Perfetto opens: JSON with events, each that lasts with its beginning and its length, the backward pass among them."""
    driver.Setup(tmp_path / "run", {"trace": True}).train()
    trace = json.loads((tmp_path / "run" / "trace" / "rank-0.json").read_text())
    names = {event.get("name", "") for event in trace["traceEvents"]}
    assert any("Backward" in name for name in names)
    lasting = [event for event in trace["traceEvents"] if event["ph"] == "X"]
    assert all(event["ts"] >= 0 and event["dur"] >= 0 and {"name", "pid", "tid"} <= event.keys() for event in lasting)
    assert sum(event["name"].startswith("ProfilerStep#") for event in lasting) == 5
