"""The command line as scripts use it: shapes of answers, exit codes, and where messages go."""

import csv
import gzip
import io
import json
import os
import pty
import select
import shutil
import signal
import subprocess
import time

import pytest
from conftest import CHECKPOINTS, FIXTURES, REPOSITORY, binary

GRAPHS = REPOSITORY / "Tests" / "GraphsTests" / "Fixtures"


def trainscope(*arguments, code=0):
    """Runs the program and gives what it wrote to standard output and to standard error."""
    done = subprocess.run([binary(), *map(str, arguments)], capture_output=True, text=True, timeout=120)
    assert done.returncode == code, done.stderr
    return done.stdout, done.stderr


def answer(*arguments, code=0):
    return json.loads(trainscope(*arguments, "--format", "json", code=code)[0])


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    root = tmp_path_factory.mktemp("logs") / "events"
    shutil.copytree(FIXTURES, root)
    return root


def test_runs_have_the_shape_scripts_rely_on(logs):
    runs = answer("runs", logs)
    keys = ["run", "first_wall_time", "last_wall_time", "last_step", "tags", "points", "files", "checkpoints"]
    assert all(list(run) == [*keys, "damaged_files"] for run in runs)
    order = [(run["first_wall_time"], run["run"]) for run in runs if run["first_wall_time"] is not None]
    assert order == sorted(order)
    by_name = {run["run"]: run for run in runs}
    assert by_name["many_tags"]["tags"] == 400
    assert by_name["bad_data_crc"]["damaged_files"] == 1


def test_every_listing_comes_as_table_json_and_csv(logs):
    names = {run["run"] for run in answer("runs", logs)}
    table, _ = trainscope("runs", logs)
    rows = list(csv.DictReader(io.StringIO(trainscope("runs", logs, "--format", "csv")[0])))
    assert {row["run"] for row in rows} == names
    assert all(name in table for name in names)


def test_scalars_are_those_that_were_written(logs):
    expected = json.loads((FIXTURES / "multi_run" / "expected.json").read_text())
    compared = 0
    for run, content in expected["runs"].items():
        for tag, series in content["series"].items():
            name = "multi_run" if run == "." else f"multi_run/{run}"
            found = answer("scalars", logs, "--run", name, "--tag", tag)
            wanted = [(step, value) for step, _, value, *_ in series["points"]]
            assert [(point["step"], point["value"]) for point in found["points"]] == wanted
            compared += len(wanted)
    assert compared > 50


def test_numbers_that_are_not_finite_are_words(logs):
    tags = {tag["tag"] for tag in answer("tags", logs, "--run", "tf1_nonfinite")}
    words = {
        point["value"]
        for tag in tags
        for point in answer("scalars", logs, "--run", "tf1_nonfinite", "--tag", tag)["points"]
        if isinstance(point["value"], str)
    }
    assert words == {"NaN", "Infinity", "-Infinity"}


def test_damage_goes_to_standard_error_and_the_answer_stays_clean(logs):
    out, err = trainscope("runs", logs, "--format", "json")
    json.loads(out)
    assert "bad_data_crc" in err and "byte 374" in err


def test_inspect_says_where_and_exits_with_1(logs):
    [damaged] = answer("inspect", logs / "bad_data_crc", code=1)["files"]
    assert not damaged["ok"] and damaged["skipped"][0]["offset"] == 374
    [clean] = answer("inspect", logs / "many_tags")["files"]
    assert clean["ok"] and clean["records"] > 1 and clean["bytes_lost"] == 0
    report = answer("inspect", CHECKPOINTS / "damaged", code=1)["files"]
    assert sum(not file["ok"] for file in report) >= 5


def test_inspect_tells_what_event_files_hold(logs, tmp_path):
    files = answer("inspect", logs / "restart_no_marker", "--verbose")["files"]
    listed = answer("tags", logs, "--run", "restart_no_marker")
    for tag in listed:
        found = [each for file in files for each in file["tags"] if each["tag"] == tag["tag"]]
        assert sum(each["values"] for each in found) == tag["points"] > 0
    # What was logged after a restart, in one file.
    joined = tmp_path / "events.out.tfevents.1"
    joined.write_bytes(b"".join(path.read_bytes() for path in sorted((logs / "restart_no_marker").glob("*tfevents*"))))
    [file] = answer("inspect", joined, "--verbose")["files"]
    restarted = [tag for tag in file["tags"] if tag["out_of_order"]]
    assert restarted and all(before > after for tag in restarted for before, after in tag["out_of_order_steps"])
    out, _ = trainscope("inspect", joined, "-v")
    assert "steps go back" in out
    rows = list(csv.DictReader(io.StringIO(trainscope("inspect", logs / "many_tags", "-v", "--format", "csv")[0])))
    assert len(rows) == 400 and all(int(row["values"]) > 0 and row["out_of_order"] == "0" for row in rows)


def test_inspect_reads_compressed_files_and_graphs(logs, tmp_path):
    source = next((FIXTURES / "multi_run" / "train").glob("*tfevents*"))
    packed = tmp_path / f"{source.name}.gz"
    packed.write_bytes(gzip.compress(source.read_bytes()))
    records = tmp_path / "data.tfrecord"
    records.write_bytes(gzip.compress(source.read_bytes()))
    shutil.copy(GRAPHS / "linear.pb", tmp_path / "graph.pb")
    files = {file["path"]: file for file in answer("inspect", packed, records, tmp_path / "graph.pb")["files"]}
    assert [file["kind"] for file in files.values()] == ["events", "records", "graph"]
    assert files[str(packed)]["compression"] == "gzip" and files[str(records)]["compression"] == "gzip"
    plain = answer("inspect", source)["files"][0]
    assert plain["records"] == files[str(packed)]["records"] == files[str(records)]["records"]
    assert files[str(tmp_path / "graph.pb")]["records"] == answer("graph", "show", GRAPHS / "linear.pb")["nodes"]
    (tmp_path / "broken.meta").write_bytes(b"\xff\xff\xff not a graph")
    [broken] = answer("inspect", tmp_path / "broken.meta", code=1)["files"]
    assert not broken["ok"] and broken["message"]


def test_checkpoints_are_verified_and_summed_up():
    prefix = REPOSITORY / "logs-sample" / "mlp-adam" / "train" / "model.ckpt-880"
    [sound] = answer("checkpoint", "verify", prefix)["files"]
    tensors = answer("checkpoint", "list", prefix)["tensors"]
    assert sound["ok"] and sound["records"] == len(tensors)
    report = answer("checkpoint", "verify", CHECKPOINTS / "damaged", code=1)["files"]
    assert {file["kind"] for file in report} == {"checkpoint"} and sum(not file["ok"] for file in report) >= 5
    stats = answer("checkpoint", "stats", prefix)
    assert [row["name"] for row in stats] == [tensor["name"] for tensor in tensors]
    [kernel] = answer("checkpoint", "stats", prefix, "hidden/kernel")
    shown = answer("checkpoint", "show", prefix, "hidden/kernel", "--values", "0")
    assert all(kernel[key] == shown[key] for key in ["min", "max", "mean", "std", "nan", "inf", "zeros"])
    assert {row["name"] for row in answer("checkpoint", "stats", prefix, "hidden/*")} == {
        tensor["name"] for tensor in tensors if tensor["name"].startswith("hidden/")
    }
    trainscope("checkpoint", "stats", prefix, "nothing", code=64)


def test_graph_counts_are_tensorflows():
    expected = json.loads((GRAPHS / "expected.json").read_text())
    shown = answer("graph", "show", GRAPHS / "cnn_slim.meta")
    wanted = expected["cnn_slim"] if "cnn_slim" in expected else expected["cases"]["cnn_slim"]
    assert shown["nodes"] == wanted.get("nodes", wanted.get("node_count"))
    assert sum(shown["ops"].values()) == shown["nodes"]


@pytest.mark.parametrize("form", ["pb", "pbtxt", "json", "dot", "svg"])
def test_graphs_are_exported_in_every_form(tmp_path, form):
    target = tmp_path / f"graph.{form}"
    trainscope("graph", "export", GRAPHS / "linear.pb", "--to", form, "--out", target)
    data = target.read_bytes()
    starts = {"json": b"{", "dot": b"digraph", "svg": b"<"}
    assert data.startswith(starts.get(form, b"")) and len(data) > 100
    if form == "pb":
        assert data == (GRAPHS / "linear.pb").read_bytes()
    if form == "pbtxt":
        assert answer("graph", "show", target)["nodes"] == answer("graph", "show", GRAPHS / "linear.pb")["nodes"]


def test_checkpoint_list_and_show_agree_with_tensorflow():
    folder = CHECKPOINTS / "mlp_adam"
    expected = json.loads((folder / "expected.json").read_text())
    checkpoint = expected["checkpoints"][0] if "checkpoints" in expected else expected
    prefix = folder / checkpoint["prefix"].split("/")[-1]
    listed = {tensor["name"]: tensor for tensor in answer("checkpoint", "list", prefix)["tensors"]}
    for tensor in checkpoint["tensors"]:
        assert listed[tensor["name"]]["dtype"] == tensor["dtype"]
        assert listed[tensor["name"]]["shape"] == tensor["shape"]
        shown = answer("checkpoint", "show", prefix, tensor["name"])
        assert shown["sha256"] == tensor["sha256"]


def test_a_slice_keeps_the_statistics_of_the_whole():
    prefix = REPOSITORY / "logs-sample" / "mlp-adam" / "train" / "model.ckpt-880"
    whole = answer("checkpoint", "show", prefix, "hidden/kernel", "--values", "100000")
    part = answer("checkpoint", "show", prefix, "hidden/kernel", "--slice", "1:3,0:2")
    assert part["values"] == [whole["values"][row * 32 + column] for row in (1, 2) for column in (0, 1)]
    assert part["sha256"] == whole["sha256"]


def test_names_from_files_cannot_command_the_terminal(tmp_path):
    evil = "evil\x1b]0;owned\x07"
    (tmp_path / evil).mkdir()
    source = next((FIXTURES / "multi_run" / "train").glob("*tfevents*"))
    shutil.copy(source, tmp_path / evil)
    (tmp_path / evil / "events.out.tfevents.2").write_bytes(b"no event file at all")
    for command in [
        ("runs", tmp_path),
        ("tags", tmp_path),
        ("sql", tmp_path, "SELECT run FROM runs"),
        ("tail", tmp_path, "--once"),
        ("scalars", tmp_path, "--run", "nothing", "--tag", "loss"),
        ("inspect", tmp_path, "-v"),
        ("graph", "show", tmp_path / evil),
    ]:
        done = subprocess.run([binary(), *map(str, command)], capture_output=True, timeout=60)
        assert b"\x1b" not in done.stdout + done.stderr and b"\x07" not in done.stdout + done.stderr, command
        assert b"u{1b}" in done.stdout + done.stderr, command


def test_sql_answers_what_listings_answer(logs):
    runs = answer("runs", logs)
    assert answer("sql", logs, "SELECT * FROM runs ORDER BY first_wall_time IS NULL, first_wall_time, run") == runs
    found = answer("sql", logs, "SELECT count(*) AS points FROM points")
    scalars = sum(tag["points"] for tag in answer("tags", logs) if tag["kind"] == "scalar")
    assert found == [{"points": scalars}] and scalars > 1000
    rows = list(csv.DictReader(io.StringIO(trainscope("sql", logs, "SELECT run FROM runs", "--format", "csv")[0])))
    assert sorted(row["run"] for row in rows) == sorted(run["run"] for run in runs)
    tables = {table["table"]: table["columns"] for table in answer("sql", logs, "--tables")}
    assert tables["newest_points"] == "run, tag, step, wall_time, value"


def test_sql_only_reads_and_is_bounded(logs):
    for query, word in [
        ("DELETE FROM main.runs", "cannot be changed"),
        ("ATTACH 'x' AS y", "attached"),
        ("SELECT nope FROM runs", "nope"),
        ("SELECT 1; SELECT 2", "one at a time"),
    ]:
        out, err = trainscope("sql", logs, query, code=1)
        assert out == "" and word in err and err.rstrip().endswith(".")
    endless = "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c"
    out, err = trainscope("sql", logs, endless, "--max-rows", "5", "--format", "csv", code=1)
    assert out.split() == ["x", "1", "2", "3", "4", "5"] and "--max-rows" in err
    _, err = trainscope("sql", logs, f"SELECT count(*) FROM ({endless})", "--timeout", "0.3", code=1)
    assert "0.3 s" in err


def test_a_reader_that_goes_away_ends_the_program_quietly(logs):
    endless = "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c"
    command = [binary(), "sql", str(logs), endless, "--max-rows", "0", "--timeout", "60", "--format", "csv"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"x\n"
        process.stdout.close()
        assert process.wait(timeout=30) in (141, -13) and process.stderr.read().decode().count("rror") == 0


def test_a_full_disk_is_no_success(logs):
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            [binary(), "runs", str(logs), "--format", "json"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60
        )
    assert done.returncode == 1 and "No space left" in done.stderr


def test_export_writes_every_point_and_an_index(logs, tmp_path):
    out = tmp_path / "out"
    _, err = trainscope("export", logs, "--out", out)
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["problems"] == [] and f"{len(manifest['files'])} files" in err
    by_series = {(file["run"], file["tag"], file["kind"]): file for file in manifest["files"]}
    for tag in answer("tags", logs, "--run", "multi_run/eval") + answer("tags", logs, "--run", "tf1_nonfinite"):
        if tag["kind"] != "scalar":
            continue
        path = out / by_series[tag["run"], tag["tag"], "scalar"]["path"]
        points = answer("scalars", logs, "--run", tag["run"], "--tag", tag["tag"])["points"]
        rows = list(csv.DictReader(io.StringIO(path.read_text())))
        assert [(int(row["step"]), row["value"]) for row in rows] == [
            (point["step"], str(point["value"])) for point in points
        ]
    files = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert files == {file["path"] for file in manifest["files"]} | {"manifest.json"}
    assert any(name.endswith(".png") for name in files) and any(name.endswith(".wav") for name in files)


def test_export_replaces_nothing_unless_forced(logs, tmp_path):
    out = tmp_path / "out"
    choice = ["--run", "multi_run*", "--kind", "scalars", "--format", "json"]
    trainscope("export", logs, "--out", out, *choice)
    _, err = trainscope("export", logs, "--out", out, *choice, code=1)
    assert "--force" in err
    trainscope("export", logs, "--out", out, *choice, "--force")
    assert json.loads((out / "multi_run" / "eval" / "scalars" / "loss.json").read_text())["tag"] == "loss"
    _, err = trainscope("export", logs, "--out", tmp_path / "none", "--run", "no such run", code=1)
    assert "Nothing matches" in err
    graphs = tmp_path / "graphs"
    trainscope("export", logs, "--out", graphs, "--kind", "graphs", "--graph-format", "pbtxt")
    assert all("node {" in path.read_text() for path in graphs.rglob("*.pbtxt"))


def test_tail_draws_one_picture(logs):
    environment = {**os.environ, "COLUMNS": "80", "LINES": "24", "LC_ALL": "C.UTF-8"}
    command = [binary(), "tail", logs, "--run", "tf1_nonfinite*", "--once"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and 10 < len(lines) <= 24 and all(len(line) <= 80 for line in lines)
    assert "\x1b" not in done.stdout and "not finite" in done.stdout
    assert any(0x2800 <= ord(letter) < 0x2900 for letter in done.stdout)
    plain = subprocess.run([*command, "--ascii"], capture_output=True, timeout=60, env=environment)
    assert plain.stdout.isascii() and b"|" in plain.stdout
    colored = subprocess.run([*command, "--color", "always"], capture_output=True, timeout=60, env=environment)
    assert b"\x1b[" in colored.stdout


def wait_for(read, wanted, seconds=20):
    """Reads until what was read holds `wanted`; gives all of it."""
    text, end = b"", time.monotonic() + seconds
    while wanted not in text:
        assert time.monotonic() < end, text[-2000:]
        text += read()
    return text


def test_tail_prints_new_points_line_by_line(logs, tmp_path):
    root = tmp_path / "logs"
    (root / "run").mkdir(parents=True)
    source = next((FIXTURES / "multi_run" / "train").glob("*tfevents*"))
    data = source.read_bytes()
    target = root / "run" / source.name
    target.write_bytes(data[: len(data) // 2])
    command = [binary(), "tail", root, "--format", "json", "--last", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        first = json.loads(process.stdout.readline())
        assert list(first) == ["run", "tag", "step", "wall_time", "value"] and first["run"] == "run"
        with open(target, "ab") as file:
            file.write(data[len(data) // 2 :])
        everything = answer("scalars", FIXTURES / "multi_run", "--run", "train", "--tag", "loss", "--catalog", tmp_path / "c")
        last = everything["points"][-1]
        found = wait_for(process.stdout.readline, f'"step": {last["step"]},'.encode())
        assert all(list(json.loads(line)) == list(first) for line in found.splitlines())
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0 and process.stderr.read() == b""


def test_tail_ends_with_its_reader(logs):
    with subprocess.Popen([binary(), "tail", logs], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(timeout=20) in (141, -13) and process.stderr.read().decode().count("rror") == 0


def test_tail_takes_the_screen_and_gives_it_back(logs):
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(TERM="xterm-256color", LC_ALL="C.UTF-8")
        os.environ.pop("NO_COLOR", None)
        os.execv(binary(), [binary(), "tail", str(logs), "--run", "multi_run*"])

    def read():
        ready, _, _ = select.select([terminal], [], [], 0.2)
        try:
            return os.read(terminal, 65536) if ready else b""
        except OSError:
            return b""

    shown = wait_for(read, b"multi_run/train")
    assert b"\x1b[?1049h" in shown and b"\x1b[38;5;" in shown
    os.write(terminal, b"\x03")
    rest = wait_for(read, b"\x1b[?1049l")
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0 and b"\x1b[?25h" in rest


@pytest.mark.parametrize(
    "arguments",
    [
        ("runs", "no-such-folder"),
        ("sql", "no-such-folder", "SELECT 1"),
        ("scalars", "no-such-folder", "--run", "a", "--tag", "b"),
        ("inspect", "no-such-file"),
        ("graph", "show", "no-such-graph.pb"),
        ("checkpoint", "list", "no-such-checkpoint"),
        ("serve", "no-such-folder"),
        ("train", "digits", "--root", "/proc/nowhere", "--steps", "1"),
    ],
)
def test_what_is_not_there_gives_a_sentence_and_a_failure(arguments, tmp_path):
    done = subprocess.run([binary(), *arguments], capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert done.returncode not in (0, -6, -11) and done.stdout == ""
    assert arguments[-1] in done.stderr or "no-such" in done.stderr or "/proc/nowhere" in done.stderr


def test_a_training_is_listed_and_its_checkpoint_holds_its_variables(tmp_path):
    options = ["--root", tmp_path, "--run", "try", "--model", "softmax", "--steps", "60", "--seed", "1"]
    trainscope("train", "digits", *options)
    runs = {run["run"]: run for run in answer("runs", tmp_path)}
    assert set(runs) == {"try/train", "try/test"} and runs["try/train"]["checkpoints"] >= 1
    accuracy = answer("scalars", tmp_path, "--run", "try/test", "--tag", "accuracy")["points"]
    assert accuracy[-1]["value"] > 0.7
    names = {tensor["name"] for tensor in answer("checkpoint", "list", tmp_path / "try" / "train")["tensors"]}
    assert {"logits/kernel", "logits/bias", "global_step"} <= names
    assert answer("graph", "show", tmp_path / "try" / "train")["ops"]["MatMul"] >= 1
