"""TensorFlow's side of `trainscope-bench step`: runs the same .meta files with the same feeds.

  step_peer.py version
  step_peer.py make-lstm FOLDER              writes lstm.meta and lstm.json (TensorFlow 1.15 only)
  step_peer.py run FOLDER THREADS TIMES MODEL...   prints timings as JSON, microseconds a step
"""

import json
import os
import resource
import sys
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import tensorflow as tf

v1 = tf.compat.v1
v1.logging.set_verbosity("ERROR")
if tf.__version__.startswith("2"):
    v1.disable_eager_execution()


def feed_value(feed):
    """The numbers of StepModel.Feed.tensor: one linear congruential generator."""
    count = int(np.prod(feed["shape"])) if feed["shape"] else 1
    state, values = 12345, np.empty(count, np.uint32)
    for i in range(count):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        values[i] = state >> 8
    if feed.get("classes"):
        return (values % feed["classes"]).astype(np.int64).reshape(feed["shape"])
    return (values.astype(np.float32) / np.float32(16777216)).reshape(feed["shape"])


def make_lstm(folder):
    graph = v1.Graph()
    with graph.as_default():
        v1.set_random_seed(7)
        x = v1.placeholder(tf.float32, [None, 28, 28], name="x")
        labels = v1.placeholder(tf.int64, [None], name="labels")
        cell = v1.nn.rnn_cell.BasicLSTMCell(128)
        outputs, _ = v1.nn.dynamic_rnn(cell, x, dtype=tf.float32)
        logits = v1.layers.dense(outputs[:, -1, :], 10)
        loss = tf.reduce_mean(
            v1.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits), name="loss"
        )
        train = v1.train.AdamOptimizer(0.001).minimize(loss, name="train")
        v1.summary.scalar("loss", loss)
        summary = v1.summary.merge_all()
        init = v1.global_variables_initializer()
        v1.train.export_meta_graph(os.path.join(folder, "lstm.meta"))
    model = {
        "name": "lstm",
        "title": "LSTM of 128 units, 28 steps, batch 64, Adam",
        "feeds": [{"name": "x:0", "shape": [64, 28, 28]}, {"name": "labels:0", "shape": [64], "classes": 10}],
        "initialize": init.name,
        "train": train.name,
        "loss": loss.name,
        "summary": summary.name,
        "steps": 10,
    }
    with open(os.path.join(folder, "lstm.json"), "w") as file:
        json.dump(model, file)


def cpu_time():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def measure(session, fetches, feeds, steps):
    wall, cpu = time.perf_counter(), cpu_time()
    for _ in range(steps):
        session.run(fetches, feeds)
    return cpu_time() - cpu, time.perf_counter() - wall


def run(folder, threads, times, names):
    timings = []
    for name in names:
        with open(os.path.join(folder, name + ".json")) as file:
            model = json.load(file)
        graph = v1.Graph()
        with graph.as_default():
            v1.train.import_meta_graph(os.path.join(folder, name + ".meta"))
            config = v1.ConfigProto(intra_op_parallelism_threads=threads, inter_op_parallelism_threads=threads)
            with v1.Session(config=config) as session:
                feeds = {feed["name"]: feed_value(feed) for feed in model["feeds"]}
                session.run(graph.as_graph_element(model["initialize"]))
                train = graph.as_graph_element(model["train"])
                loss = graph.as_graph_element(model["loss"])
                steps = model["steps"]
                measure(session, train, feeds, steps)
                value = float(session.run(loss, feeds))
                best = min(measure(session, train, feeds, steps) for _ in range(max(2, times)))
                timings.append(
                    {"name": name, "cpu": best[0] / steps * 1e6, "wall": best[1] / steps * 1e6, "loss": value}
                )
    json.dump(timings, sys.stdout)


if __name__ == "__main__":
    if sys.argv[1] == "version":
        print(tf.__version__)
    elif sys.argv[1] == "make-lstm":
        make_lstm(sys.argv[2])
    else:
        run(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5:])
