#!/usr/bin/env python3
"""Builds small graphs with real TensorFlow 1.15 and writes their GraphDefs for the tests of the Training module.

A developer's tool, not part of the tests: it needs Python 3.7 with tensorflow==1.15.5 (and protobuf<3.21, numpy<1.19).
The tests build the same graphs with Trainscope and compare every node.

    python3.7 tools/make_graph_goldens.py Tests/TrainingTests/Fixtures/golden
"""
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf  # noqa: E402

import layer_graphs  # noqa: E402
import pipeline_graphs  # noqa: E402
import training_graphs  # noqa: E402

tf.logging.set_verbosity(tf.logging.ERROR)


def digits_tower(model, images, labels, training):
    reuse = None if training else True
    features = images
    if model == "mlp":
        features = tf.layers.dense(features, 32, tf.nn.relu, name="hidden")
    if model == "cnn":
        features = tf.reshape(images, [-1, 8, 8, 1])
        for number, filters in [(1, 16), (2, 32)]:
            features = tf.layers.conv2d(features, filters, 3, padding="same", use_bias=False,
                                        name="conv%d" % number, reuse=reuse)
            features = tf.layers.batch_normalization(features, momentum=0.9, training=training,
                                                     name="norm%d" % number, reuse=reuse)
            features = tf.nn.relu(features)
            features = tf.layers.max_pooling2d(features, 2, 2)
        features = tf.layers.flatten(features)
    logits = tf.layers.dense(features, 10, name="logits", reuse=reuse)
    with tf.name_scope("cross_entropy"):
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
        loss = tf.reduce_mean(losses, name="mean")
    with tf.name_scope("evaluation"):
        probabilities = tf.nn.softmax(logits, name="probabilities")
        predictions = tf.argmax(logits, 1, name="predictions")
        correct = tf.equal(predictions, labels, name="correct")
        accuracy = tf.reduce_mean(tf.cast(correct, tf.float32), name="accuracy")
    assert probabilities is not None
    return loss, accuracy


def digits(model, optimizer):
    """The graph of `trainscope train digits`; keep it equal to Sources/Training/Digits/DigitsModel.swift."""
    tf.set_random_seed(7)
    images = tf.placeholder(tf.float32, [None, 64], name="images")
    labels = tf.placeholder(tf.int64, [None], name="labels")
    loss, accuracy = digits_tower(model, images, labels, True)
    if model == "cnn":
        with tf.name_scope("inference"):
            digits_tower(model, images, labels, False)
    step = tf.train.get_or_create_global_step()
    rate = tf.train.exponential_decay(0.05, step, 44, 0.95, staircase=True, name="schedule")
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)), tf.name_scope("train"):
        chosen = {
            "sgd": lambda: tf.train.GradientDescentOptimizer(rate),
            "momentum": lambda: tf.train.MomentumOptimizer(rate, 0.9),
            "nesterov": lambda: tf.train.MomentumOptimizer(rate, 0.9, use_nesterov=True),
            "adam": lambda: tf.train.AdamOptimizer(rate),
            "ftrl": lambda: tf.train.FtrlOptimizer(rate),
            "adagrad-da": lambda: tf.train.AdagradDAOptimizer(rate, step),
        }[optimizer]()
        pairs = chosen.compute_gradients(loss)
        chosen.apply_gradients(pairs, global_step=step)
    scalars = [tf.summary.scalar("loss", loss), tf.summary.scalar("accuracy", accuracy)]
    if model != "cnn":
        tf.summary.merge(scalars, name="evaluation_summary")
    scalars.append(tf.summary.scalar("learning_rate", rate))
    tf.summary.merge(scalars, name="step_summary")
    for gradient, variable in pairs:
        tf.summary.histogram("weights/" + variable.op.name, variable)
        tf.summary.histogram("gradients/" + variable.op.name, gradient)
    tf.summary.merge_all(name="full_summary")
    tf.global_variables_initializer()
    tf.train.Saver(max_to_keep=5)


def initializers():
    """Variables of every initializer, and the seed rule."""
    tf.set_random_seed(3)
    tf.get_variable("default", [3, 4])
    tf.get_variable("z", [2], initializer=tf.zeros_initializer())
    tf.get_variable("o", [1200], initializer=tf.ones_initializer())
    tf.get_variable("c", [2, 2], initializer=tf.constant_initializer([1.0, 2.0, 3.0]))
    tf.get_variable("rn", [2, 3], initializer=tf.random_normal_initializer(0.5, 2.0))
    tf.get_variable("tn", [2, 3], initializer=tf.truncated_normal_initializer(stddev=0.1, seed=9))
    tf.get_variable("ru", [2, 3], initializer=tf.random_uniform_initializer(-1.0, 1.0))
    tf.get_variable("gn", [2, 3], initializer=tf.glorot_normal_initializer())
    tf.get_variable("i", [2], dtype=tf.int32)
    tf.Variable(tf.random_normal([2, 3], stddev=0.35), name="weights")
    tf.Variable(tf.truncated_normal([2, 3]), name="weights")
    tf.Variable(tf.random_uniform([2, 3], -1, 1), name="weights")
    tf.Variable([1.0, 2.0])
    tf.Variable(7, name="seven", trainable=False)
    tf.global_variables_initializer()
    tf.variables_initializer(tf.trainable_variables()[:2])


def scopes():
    """name_scope, variable_scope, reuse."""
    with tf.name_scope("ns"):
        with tf.variable_scope("vs"):
            tf.get_variable("w", [2], initializer=tf.zeros_initializer())
            tf.Variable([1.0], name="v")
            tf.constant(1.0, name="c")
    with tf.variable_scope("vs", reuse=True):
        w = tf.get_variable("w", [2])
        tf.identity(w, name="again")
    with tf.variable_scope("vs") as scope:
        tf.constant(2.0)
    with tf.variable_scope("other"):
        with tf.variable_scope(scope, reuse=tf.AUTO_REUSE):
            tf.get_variable("w", [2])
            tf.get_variable("u", [1], initializer=tf.zeros_initializer())
            tf.constant(3.0, name="inside")
    with tf.variable_scope(None, default_name="def"):
        tf.get_variable("w", [1], initializer=tf.zeros_initializer())
    with tf.variable_scope(None, default_name="def"):
        tf.get_variable("w", [1], initializer=tf.zeros_initializer())
    with tf.name_scope("conv1"):
        tf.constant(1, name="a")
    with tf.name_scope("conv1"):
        tf.constant(1, name="a")
    with tf.name_scope("Conv1"):
        tf.constant(1, name="a")
    with tf.name_scope("conv1/"):
        tf.constant(1, name="a")
    with tf.name_scope("ns"), tf.control_dependencies([tf.constant(1, name="first")]):
        tf.constant(2, name="second") + 1
        tf.no_op()


def operations():
    """Names and attributes that op functions and operators give."""
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    y = tf.placeholder(tf.float32, [None, 3])
    w = tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    x + y, x - y, x * y, x / y, -x
    x + 1.0, 2.0 * x, 1.0 - x, x / 4.0
    tf.add(x, y), tf.subtract(x, y), tf.multiply(x, y), tf.divide(x, y)
    tf.matmul(x, w), tf.matmul(w, x, transpose_a=True, transpose_b=True, name="both")
    tf.nn.relu(x), tf.tanh(x), tf.sigmoid(x), tf.nn.softmax(x), tf.nn.log_softmax(x)
    tf.square(x), tf.sqrt(x), tf.exp(x), tf.log(x), tf.abs(x), tf.negative(x)
    tf.maximum(x, y), tf.minimum(x, y), tf.pow(x, y), tf.floor(x)
    tf.reduce_mean(x), tf.reduce_sum(x, 1), tf.reduce_max(x, [0, 1], keepdims=True), tf.reduce_min(x, axis=-1)
    tf.reduce_prod(x, axis=0)
    tf.argmax(x, 1), tf.equal(x, y), tf.greater(x, y), tf.less(x, y)
    tf.cast(x, tf.int32), tf.to_float(tf.constant(3))
    tf.reshape(x, [-1]), tf.shape(x), tf.identity(x), tf.expand_dims(x, 0), tf.squeeze(tf.expand_dims(x, 0), [0])
    tf.concat([x, y], 1), tf.stack([x, y]), tf.transpose(w), tf.zeros([2, 2]), tf.ones([40, 30]), tf.fill([2], 7.0)
    tf.nn.bias_add(x, tf.constant([1.0, 2.0, 3.0]))
    tf.nn.l2_loss(w), tf.stop_gradient(x), tf.zeros_like(x), tf.ones_like(w)
    labels = tf.placeholder(tf.float32, [None, 2], name="labels")
    logits = tf.matmul(x, w, name="logits")
    tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits)
    tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=tf.placeholder(tf.int32, [None], name="classes"), logits=logits, name="xent")
    tf.group(tf.constant(1, name="p"), tf.constant(2, name="q"))
    tf.placeholder_with_default(tf.constant([1.0, 2.0]), [None], name="default")
    v = tf.Variable([1.0, 2.0], name="v")
    tf.assign(v, [3.0, 4.0]), tf.assign_add(v, [1.0, 1.0]), tf.assign_sub(v, [1.0, 1.0])
    v.assign([5.0, 6.0]), v.assign_add([1.0, 1.0]), v.assign_sub([1.0, 1.0])
    tf.is_variable_initialized(v)
    v + 1.0


def optimizers():
    """Two Adams, a scope around one, and minimize without a global step."""
    with tf.variable_scope("model"):
        w = tf.get_variable("w", [3], initializer=tf.ones_initializer())
        b = tf.get_variable("b", [], initializer=tf.zeros_initializer())
    loss = tf.reduce_mean(tf.square(w * 2.0 + b), name="loss")
    tf.train.AdamOptimizer(0.01).minimize(loss)
    tf.train.AdamOptimizer(0.02, name="Second").minimize(loss)
    tf.train.AdamOptimizer(0.02).minimize(loss)
    with tf.variable_scope("train"):
        tf.train.MomentumOptimizer(0.02, 0.5).minimize(loss, var_list=[w])
    tf.train.GradientDescentOptimizer(0.5).minimize(loss)


def savers():
    """A list, a dictionary, several savers."""
    a = tf.Variable([1.0, 2.0], name="a")
    b = tf.Variable(3, name="b")
    tf.train.Saver()
    tf.train.Saver([b])
    tf.train.Saver({"renamed": a, "b": b})
    with tf.name_scope("scope"):
        tf.train.Saver([a], reshape=True)


def summaries():
    """Summaries of every kind."""
    x = tf.placeholder(tf.float32, [None, 4, 4, 3], name="x")
    tf.summary.image("img", x)
    tf.summary.image("one", x, max_outputs=1, family="f")
    tf.summary.audio("snd", tf.placeholder(tf.float32, [2, 8], name="a"), 44100.0)
    tf.summary.text("words", tf.constant(["a", "b"]))
    with tf.name_scope("s"):
        tf.summary.histogram("h w", x)
        tf.summary.scalar("/odd:name", tf.constant(1.0))
        tf.summary.tensor_summary("t", x)
    tf.summary.merge_all()


def main(folder):
    os.makedirs(folder, exist_ok=True)
    cases = {f"digits_{m}_{o}": (lambda m=m, o=o: digits(m, o))
             for m, o in [("softmax", "sgd"), ("mlp", "momentum"), ("mlp", "nesterov"), ("mlp", "adam"), ("cnn", "adam"),
                          ("mlp", "ftrl"), ("softmax", "adagrad-da")]}
    for build in (initializers, scopes, operations, optimizers, savers, summaries):
        cases[build.__name__] = build
    cases.update(training_graphs.CASES)
    cases.update(layer_graphs.CASES)
    cases.update(pipeline_graphs.CASES)
    for name, build in cases.items():
        with tf.Graph().as_default() as graph:
            build()
            definition = graph.as_graph_def()
        with open(os.path.join(folder, name + ".pb"), "wb") as out:
            out.write(definition.SerializeToString(deterministic=True))
        print(name, len(definition.node), "nodes")


if __name__ == "__main__":
    main(sys.argv[1])
