"""`tune` and `fit` with a tuner, as processes: what is found, that it repeats, that it survives."""

import json
import os
import resource
import signal
import time

import pytest

from .conftest import FAULTY, children, is_gone, make_workplace, results


def test_a_study_tells_what_it_found(searched):
    """The document has every trial with its state, values and params; the best is one of the complete ones."""
    _, document = searched
    assert [trial["trial"] for trial in document["trials"]] == list(range(6))
    best = min(document["trials"], key=lambda trial: trial["value"])
    assert document["best"]["trial"] == best["trial"]
    assert document["best"]["value"] == best["value"] == document["best"]["metrics"]["val/loss"]
    assert document["best"]["params"] == best["params"]
    assert all(trial["state"] == "complete" and trial["epochs"] == 4 == len(trial["values"]) for trial in document["trials"])


def test_one_seed_gives_one_study(searched, workplace):
    """A second study with one worker has the same trials with the same values, to the last digit."""
    assert results(workplace.tune()) == results(searched[1])


def test_a_fit_trains_the_best_to_the_value_of_its_trial(workplace, searched):
    """`fit` searches, then trains the best; what it measures is what the trial measured. `--no-tune` searches nothing."""
    done = workplace.run("fit", "penguins.yaml", "--json", env=_one_thread())
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["study"]["trial"] == searched[1]["best"]["trial"]
    assert document["metrics"]["val/loss"] == pytest.approx(document["study"]["value"], rel=1e-5)
    done = workplace.run("fit", "penguins.yaml", "--json", "--no-tune")
    assert "study" not in json.loads(done.stdout)
    assert len(workplace.studies()) == 1


def _one_thread():
    return {**os.environ, "OMP_NUM_THREADS": "1"}


@pytest.mark.parametrize(
    "moment", [pytest.param("asked", marks=pytest.mark.slow), "reported", pytest.param("told", marks=pytest.mark.slow)]
)
def test_a_killed_study_resumes_to_the_same_trials(searched, workplace, moment):
    """`kill -9` of the search at a moment of its third trial: nothing is lost, nothing done twice, workers are gone."""
    process = workplace.start("tune", "penguins.yaml")
    workers = _kill_at(process, workplace, moment, trial=2)
    assert all(map(_wait_gone, workers))
    before = {event["trial"] for event in workplace.journal() if event["event"] == "told"}
    document = workplace.tune("--resume")
    assert results(document) == results(searched[1])
    told = [event["trial"] for event in workplace.journal() if event["event"] == "told"]
    assert sorted(told) == list(range(6))
    assert before <= set(told)


def _kill_at(process, workplace, moment, trial):
    """SIGKILL to the search as soon as its journal has an event; the workers that it had."""
    workers = []
    for _ in range(3000):
        time.sleep(0.02)
        if process.poll() is not None:
            raise AssertionError(process.stderr.read())
        workers = children(process.pid) or workers
        try:
            events = workplace.journal()
        except (ValueError, OSError):
            continue
        if any(event["event"] == moment and event["trial"] == trial for event in events):
            break
    process.kill()
    process.communicate()
    return workers


def _wait_gone(pid):
    for _ in range(500):
        if is_gone(pid):
            return True
        time.sleep(0.02)
    return False


def test_a_torn_line_is_cut_off(searched, workplace):
    """What a killed writer leaves half-written is as if it had never been."""
    workplace.tune("tuner.max_trials=3")
    (study,) = workplace.studies()
    with (study / "journal.jsonl").open("ab") as journal:
        journal.write(b'{"event":"asked","trial":3,"job":3,"po')
    assert results(workplace.tune("--resume")) == results(searched[1])


@pytest.mark.slow
def test_a_killed_worker_is_replaced_and_its_trial_tried_again(searched, workplace):
    """`kill -9` of a worker costs an attempt, not a trial."""
    process = workplace.start("tune", "penguins.yaml", "--json")
    for _ in range(3000):
        time.sleep(0.02)
        try:
            events = workplace.journal()
        except (ValueError, OSError):
            continue
        if any(event["event"] == "reported" and event["trial"] == 1 for event in events):
            break
    for worker in children(process.pid):
        os.kill(worker, signal.SIGKILL)
    output, errors = process.communicate(timeout=200)
    assert process.returncode == 0, errors
    document = json.loads(output)
    assert results(document) == results(searched[1])
    assert sum(trial["attempts"] for trial in document["trials"]) == 7


@pytest.mark.parametrize(
    ("sent", "code", "reason"),
    [(signal.SIGINT, 130, "interrupted"), pytest.param(signal.SIGTERM, 75, "preempted", marks=pytest.mark.slow)],
)
def test_a_signal_ends_a_search_cleanly(searched, workplace, sent, code, reason):
    """Ctrl-C ends with 130, SIGTERM with 75, one document is printed, and the study goes on where it was."""
    process = workplace.start("tune", "penguins.yaml", "--json")
    for line in process.stderr:
        if line.startswith("trial    1"):
            process.send_signal(sent)
            break
    output, errors = process.communicate(timeout=120)
    assert process.returncode == code, errors
    assert json.loads(output)["ended"] == {"reason": reason, "is_over": False}
    assert results(workplace.tune("--resume")) == results(searched[1])


def test_a_deterministic_search_with_two_workers_repeats(tmp_path):
    """With two workers and `deterministic`, two studies have the same trials with the same values, pruning included."""
    settings = ("tuner.parallel=2", "tuner.deterministic=true", "tuner.pruner={type: asha, mode: pause}", "tuner.max_trials=8")
    found = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        found.append(results(make_workplace(tmp_path / name).tune(*settings)))
    assert found[0] == found[1]
    assert {state for _, state, _, _ in found[0]} == {"complete", "pruned"}


def test_failures_are_classed_and_the_search_goes_on(workplace):
    """Each kind of failure is told apart; only what may have been the machine's fault is tried again."""
    marker = workplace.folder / "marker"
    workplace.recipe.write_text(
        workplace.recipe.read_text()
        .partition("tuner:")[0]
        .replace("{type: mlp, hidden: [8]}", f"{{type: faulty, marker: {marker}}}")
        + "tuner:\n  type: grid\n  metric: val/loss\n  max_failures: 9\n  max_trials: 7\n  space:\n"
        + "    model.fault: {choice: [none, raise, memory, nan, disk, kill, kill_once]}\n"
    )
    document = workplace.tune("--plugin", FAULTY)
    found = {trial["params"]["model.fault"]: (trial["state"], trial["failure"], trial["attempts"]) for trial in document["trials"]}
    assert found == {
        "none": ("complete", None, 1),
        "raise": ("failed", "user_error", 1),
        "memory": ("failed", "out_of_memory", 1),
        "nan": ("failed", "not_finite", 1),
        "disk": ("failed", "infrastructure", 3),
        "kill": ("failed", "infrastructure", 3),
        "kill_once": ("complete", None, 1),
    }
    assert next(trial["reason"] for trial in document["trials"] if trial["failure"] == "user_error") == "KeyError: 'no such thing'"


@pytest.mark.slow
def test_hopeless_searches_end_early(workplace):
    """When the first trials all fail for one reason, the rest is not tried; the reason is said, and nothing is the best."""
    workplace.recipe.write_text(
        workplace.recipe.read_text().partition("tuner:")[0].replace("{type: mlp, hidden: [8]}", "{type: faulty, fault: raise}")
        + "tuner: {type: random, metric: val/loss, max_trials: 20, space: {model.width: {int: [1, 99]}}}\n"
    )
    document = workplace.tune("--plugin", FAULTY, exits=1)
    assert len(document["trials"]) == 3
    assert document["best"] is None
    assert "KeyError: 'no such thing'" in document["ended"]["reason"]


@pytest.mark.slow
def test_a_space_is_searched_once(workplace):
    """A space of two points ends after two trials, whoever searches it."""
    text = workplace.recipe.read_text().replace("    optimizer.lr: {loguniform: [1e-3, 1e-1]}\n", "")
    workplace.recipe.write_text(text)
    document = workplace.tune()
    assert sorted(trial["params"]["model.hidden"] for trial in document["trials"]) == [[8], [16]]
    assert document["ended"] == {"reason": "every point of the space was tried", "is_over": True}


def test_an_edited_space_goes_on(searched, workplace):
    """A narrowed key hides the trials outside it, a new key has the recipe's value in them, and the journal says so."""
    workplace.tune("tuner.max_trials=4")
    text = workplace.recipe.read_text().replace("[1e-3, 1e-1]", "[1e-2, 1e-1]")
    workplace.recipe.write_text(text + "    model.dropout: {uniform: [0.0, 0.5]}\n")
    document = workplace.tune("--resume")
    first = searched[1]["trials"][:4]
    outside = [trial["trial"] for trial in first if trial["params"]["optimizer.lr"] < 1e-2]
    assert 0 < len(outside) < 4
    (changed,) = [event for event in workplace.journal() if event["event"] == "changed"]
    assert changed["hidden"] == outside
    assert [line.split(":")[0] for line in changed["changes"]] == ["optimizer.lr", "model.dropout", "budget"]
    assert "narrowed" in changed["changes"][0]
    assert [trial["value"] for trial in document["trials"][:4]] == [trial["value"] for trial in first]
    assert all("model.dropout" in trial["params"] for trial in document["trials"] if trial["trial"] not in outside)
    assert document["best"]["trial"] not in outside


def test_another_recipe_is_refused(workplace):
    """What is no part of the tuner may not change between resumes."""
    workplace.tune("tuner.max_trials=1")
    done = workplace.run("tune", "penguins.yaml", "tuner.max_trials=2", "trainer.max_epochs=5", "--resume")
    assert done.returncode == 2
    assert "YT945" in done.stderr
    assert "trainer.max_epochs: 4 → 5" in done.stderr


def test_a_full_disk_ends_a_search_with_its_results_kept(searched, workplace):
    """When the journal cannot grow any more, the search says so and ends; with room again it goes on."""

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, resource.RLIM_INFINITY))

    workplace.tune("tuner.max_trials=2")
    (study,) = workplace.studies()
    room = 60_000 - (study / "journal.jsonl").stat().st_size
    assert room > 0
    with (study / "journal.jsonl").open("ab") as journal:  # nearly full already: whole events that a reader takes
        line = b'{"time":1.0,"event":"reported","trial":1,"epoch":4,"value":%r}\n' % searched[1]["trials"][1]["values"][3]
        journal.write(line * (room // len(line)))
    done = workplace.run("tune", "penguins.yaml", "--resume", preexec_fn=limit)
    assert done.returncode == 1, done.stderr
    assert "YT941" in done.stderr
    assert results(workplace.tune("--resume")) == results(searched[1])


@pytest.mark.slow
def test_paused_trials_go_on_from_where_they_stood(workplace):
    """A trial waits on its rung with its state saved, and the promoted one goes on from it: that is no preemption of a run."""
    text = workplace.recipe.read_text().replace(
        "metric: val/loss", "metric: val/loss\n  pruner: {type: asha, min: 1, eta: 2, mode: pause}"
    )
    workplace.recipe.write_text(text + "compute: {max_preemptions: 0}\n")
    document = workplace.tune()
    states = [trial["state"] for trial in document["trials"]]
    assert set(states) == {"complete", "pruned"}, document
    journal = workplace.journal()
    promoted = {event["trial"] for event in journal if event["event"] == "promoted"}
    assert {trial["trial"] for trial in document["trials"] if trial["state"] == "complete"} <= promoted
    epochs = [(event["trial"], event["epoch"]) for event in journal if event["event"] == "reported"]
    assert len(epochs) == len(set(epochs))  # none was trained twice
    (study,) = workplace.studies()
    assert not list((study / "trials").glob("*"))


@pytest.mark.slow
def test_a_study_is_searched_by_one_process(workplace):
    """A second search of a study is refused while the first one goes on."""
    process = workplace.start("tune", "penguins.yaml")
    for line in process.stderr:
        if line.startswith("trial    0"):
            break
    done = workplace.run("tune", "penguins.yaml", "--resume")
    process.kill()
    process.communicate()
    assert done.returncode == 2
    assert "YT940" in done.stderr


def test_the_report_and_tensorboard_show_the_study(searched):
    """`tune report` writes one page with the best candidate as YAML; each trial is a run of TensorBoard's."""
    place, document = searched
    done = place.run("tune", "report", "latest", "-o", "report.html", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    page = (place.folder / "report.html").read_text()
    assert "Best candidate" in page
    assert f"hidden: {document['best']['params']['model.hidden']}" in told["yaml"]
    assert all(line.strip() in page for line in told["yaml"].splitlines() if ":" in line)
    (study,) = place.studies()
    assert len(list((study / "tb").glob("trial-*/tb/events.out.tfevents*"))) == 6
