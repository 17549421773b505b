"""Graphs of input pipelines for `make_graph_goldens.py`.

Keep each equal to the test of the same graph in Tests/TrainingTests/Input/PipelineGraphTests.swift.
"""
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf  # noqa: E402


def pipeline():
    """Producers, readers, parsing of one example, batches of both kinds."""
    tf.set_random_seed(3)
    names = tf.train.string_input_producer(["a", "b", "c"], num_epochs=2, capacity=8)
    reader = tf.TFRecordReader(options=tf.python_io.TFRecordOptions(tf.python_io.TFRecordCompressionType.GZIP))
    _, serialized = reader.read(names)
    features = tf.parse_single_example(serialized, features={
        "label": tf.FixedLenFeature([], tf.int64),
        "weight": tf.FixedLenFeature([2], tf.float32, default_value=[1.0, 2.0]),
        "img": tf.FixedLenFeature([], tf.string),
        "words": tf.VarLenFeature(tf.string),
    })
    image = tf.reshape(tf.decode_raw(features["img"], tf.uint8), [4, 4])
    tf.train.batch([image, features["label"]], 5, num_threads=2, capacity=16)
    tf.train.batch([image], 5, allow_smaller_final_batch=True, name="rest")
    tf.train.shuffle_batch([image, features["weight"]], 5, capacity=60, min_after_dequeue=20, seed=9,
                           allow_smaller_final_batch=True)
    reader.num_records_produced()
    lines = tf.TextLineReader(skip_header_lines=1)
    _, line = lines.read(names)
    tf.decode_csv(line, [[0.0], [1]])
    keys, values = tf.WholeFileReader().read_up_to(names, 3)
    tf.parse_example(values, features={
        "label": tf.FixedLenFeature([], tf.int64, default_value=7),
        "words": tf.VarLenFeature(tf.string),
    })
    rows = tf.train.input_producer(tf.constant([[1, 2], [3, 4]]), shuffle=False, name="rows")
    rows.dequeue()


def queues():
    """Queues alone."""
    q = tf.FIFOQueue(10, [tf.float32, tf.int32], shapes=[[2], []])
    q.enqueue([[1.0, 2.0], 3])
    q.enqueue_many([[[1.0, 2.0]], [3]])
    q.dequeue(), q.dequeue_many(2), q.dequeue_up_to(3, name="some")
    q.size(), q.close(), q.close(cancel_pending_enqueues=True)
    tf.PaddingFIFOQueue(5, [tf.float32], [[None]], name="padded").dequeue_many(2)
    with tf.name_scope("deep"):
        s = tf.RandomShuffleQueue(5, 2, [tf.int32], seed=4)
        s.enqueue(1)
        s.dequeue()


CASES = {build.__name__: build for build in (pipeline, queues)}
