#!/usr/bin/env python3
"""Checks with real TensorFlow that what Trainscope writes is what TensorFlow expects.

A developer's tool, not part of the tests. For every checkpoint below a log root it imports the `.meta` file, restores
the checkpoint, computes loss and accuracy on the test digits, and compares them with the point that the training logged
at that step. It reads every event file with TensorFlow's own reader, checks the graphs in them, makes ten more training
steps where the step can run, and saves and restores once more with TensorFlow's Saver.

    python3.7 -m venv .venv-peers && .venv-peers/bin/pip install tensorflow==1.15.5 'protobuf<3.21' 'numpy<1.19'
    .venv-peers/bin/python tools/check_tensorflow.py logs-sample

With TensorFlow 2 it uses `tensorflow.compat.v1`.
"""
import collections
import csv
import glob
import json
import os
import re
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy  # noqa: E402
import tensorflow  # noqa: E402

if tensorflow.__version__.startswith("1."):
    tf = tensorflow
else:
    import tensorflow.compat.v1 as tf

    tf.disable_eager_execution()
tf.logging.set_verbosity(tf.logging.ERROR)

HERE = os.path.dirname(os.path.abspath(__file__))
DIGITS = os.path.join(HERE, "..", "Sources", "Training", "Data", "digits.csv")
TRAINING_ROWS = 1437


def digits():
    with open(DIGITS) as file:
        rows = list(csv.reader(file))[1:]
    pixels = numpy.array([[float(x) for x in row[:64]] for row in rows], numpy.float32) / 16
    labels = numpy.array([int(row[64]) for row in rows], numpy.int64)
    return (pixels[:TRAINING_ROWS], labels[:TRAINING_ROWS]), (pixels[TRAINING_ROWS:], labels[TRAINING_ROWS:])


def read_events(folder):
    """tag -> {step: value}, kinds of other values, and the number of graphs of a run, by TensorFlow's reader."""
    scalars, kinds, graphs = collections.defaultdict(dict), collections.Counter(), 0
    for path in sorted(glob.glob(os.path.join(folder, "*tfevents*"))):
        for event in tf.train.summary_iterator(path):
            kind = event.WhichOneof("what")
            kinds[kind] += 1
            if kind == "graph_def":
                definition = tf.GraphDef.FromString(event.graph_def)
                with tf.Graph().as_default():
                    tf.import_graph_def(definition, name="")
                graphs += 1
            if kind == "summary":
                for value in event.summary.value:
                    form = value.WhichOneof("value")
                    if form == "simple_value":
                        scalars[value.tag][event.step] = value.simple_value
                    else:
                        kinds[form] += 1
    return scalars, kinds, graphs


def check_checkpoint(prefix, train, test, logged, target):
    """Restores, evaluates, trains on, saves with TensorFlow's Saver. Answers what it found, and whether it fits.

    With a target folder the checkpoint that was trained on is left there, with its loss and accuracy, for Trainscope to
    restore: that is what Tests/TrainingTests/Fixtures/continued holds."""
    step = int(re.search(r"-(\d+)$", prefix).group(1))
    with tf.Graph().as_default(), tf.Session() as session:
        saver = tf.train.import_meta_graph(prefix + ".meta")
        saver.restore(session, prefix)
        feed = {"images:0": test[0], "labels:0": test[1]}
        # A model with batch normalization evaluates apart from its training.
        names = {operation.name for operation in session.graph.get_operations()}
        scope = "inference/" if "inference/evaluation/accuracy" in names else ""
        fetches = [scope + "evaluation/accuracy:0", scope + "cross_entropy/mean:0", "global_step:0"]
        accuracy, loss, saved_step = session.run(fetches, feed)
        fits = saved_step == step
        if step in logged["accuracy"]:
            fits = fits and abs(logged["accuracy"][step] - accuracy) < 1e-6
            fits = fits and abs(logged["loss"][step] - loss) <= 1e-4 * max(1, abs(loss))
        else:
            fits = False
        train_op = tf.get_collection("train_op")[0]
        before = session.run("cross_entropy/mean:0", {"images:0": train[0], "labels:0": train[1]})
        for _ in range(10):
            session.run(train_op, {"images:0": train[0][:320], "labels:0": train[1][:320]})
        after, later = session.run(["cross_entropy/mean:0", "global_step:0"],
                                   {"images:0": train[0], "labels:0": train[1]})
        fits = fits and later == step + 10
        summary = session.run("full_summary/full_summary:0", feed)
        # Last, since gradients wait for moving means to be updated.
        continued = session.run(fetches, feed)
        tags = [value.tag for value in tf.Summary.FromString(summary).value]
        fits = fits and "loss" in tags and any(tag.startswith("weights/") for tag in tags)
        initializer = tf.get_collection("variables")
        names = sorted(variable.op.name for variable in tf.global_variables())
        fits = fits and len(initializer) == len(names)
        stored = sorted(name for name, _ in tf.train.list_variables(prefix))
        fits = fits and stored == names
        with tempfile.TemporaryDirectory() as folder:
            again = saver.save(session, os.path.join(folder, "again"), global_step=later)
            saver.restore(session, again)
        if target:
            saver.save(session, os.path.join(target, "continued"), global_step=later)
            with open(os.path.join(target, "expected.json"), "w") as out:
                json.dump({"accuracy": float(continued[0]), "loss": float(continued[1]), "step": int(later),
                           "accuracy_name": fetches[0], "loss_name": fetches[1]}, out, indent=1)
    return step, accuracy, loss, before, after, fits


def main(root, target=None):
    print("TensorFlow", tensorflow.__version__)
    train, test = digits()
    failures = checked = 0
    for folder, _, files in sorted(os.walk(root)):
        if not any("tfevents" in name for name in files):
            continue
        scalars, kinds, graphs = read_events(folder)
        points = sum(len(series) for series in scalars.values())
        print("%s: %d points in %d tags, %d histograms, %d graphs" %
              (os.path.relpath(folder, root), points, len(scalars), kinds["histo"], graphs))
        prefixes = sorted((name[:-6] for name in files if re.search(r"-\d+\.index$", name)),
                          key=lambda name: int(name.rsplit("-", 1)[1]))
        if not prefixes:
            continue
        latest = tf.train.latest_checkpoint(folder)
        if latest is None or os.path.basename(latest) != prefixes[-1]:
            print("  latest_checkpoint says %s" % latest)
            failures += 1
        logged, _, _ = read_events(os.path.join(os.path.dirname(folder), "test"))
        for name in prefixes:
            step, accuracy, loss, before, after, fits = check_checkpoint(
                os.path.join(folder, name), train, test, logged, target)
            checked += 1
            failures += not fits
            print("  %s: test accuracy %.4f, loss %.4f (logged %s, %s); 10 more steps: %.4f -> %.4f  %s" % (
                name, accuracy, loss, logged["accuracy"].get(step), logged["loss"].get(step), before, after,
                "ok" if fits else "DIFFERS"))
    print("%d checkpoints checked, %d failures" % (checked, failures))
    return 1 if failures or not checked else 0


if __name__ == "__main__":
    sys.exit(main(*(sys.argv[1:3] or ["logs-sample"])))
