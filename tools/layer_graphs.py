"""Graphs of layers for `make_graph_goldens.py`.

Keep each equal to the test of the same graph in Tests/TrainingTests/LayerGraphTests.swift.
"""
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf  # noqa: E402
import tensorflow.contrib.slim as slim  # noqa: E402


def layers():
    """tf.layers of every kind."""
    tf.set_random_seed(5)
    x = tf.placeholder(tf.float32, [None, 16, 16, 3], name="x")
    h = tf.layers.conv2d(x, 4, 3, padding="same", activation=tf.nn.relu,
                         kernel_regularizer=tf.contrib.layers.l2_regularizer(0.1))
    h = tf.layers.batch_normalization(h, training=True)
    h = tf.layers.max_pooling2d(h, 2, 2)
    h = tf.layers.average_pooling2d(h, 2, 2, padding="same")
    h = tf.layers.conv2d(h, 4, [3, 2], strides=2, use_bias=False, name="c2")
    h = tf.layers.flatten(h)
    h = tf.layers.dropout(h, 0.4, training=True)
    h = tf.layers.dense(h, 5, tf.nn.relu, name="d")
    h = tf.layers.batch_normalization(h, training=True, name="bn2")
    h = tf.layers.dropout(h, 0.4, training=False)
    h = tf.layers.batch_normalization(h, training=False, name="bn3", scale=False)
    tf.layers.batch_normalization(tf.layers.conv2d(x, 2, 1, name="c3"), center=False, training=False)


def slim_layers():
    """slim layers with nested argument scopes."""
    tf.set_random_seed(5)
    x = tf.placeholder(tf.float32, [None, 8, 8, 3], name="x")
    with slim.arg_scope([slim.conv2d, slim.fully_connected], weights_regularizer=slim.l2_regularizer(0.1),
                        activation_fn=tf.nn.relu):
        with slim.arg_scope([slim.batch_norm], is_training=True, scale=True):
            with slim.arg_scope([slim.conv2d], normalizer_fn=slim.batch_norm):
                h = slim.conv2d(x, 4, [3, 3])
                h = slim.max_pool2d(h, [2, 2])
                h = slim.conv2d(h, 4, 3, stride=2, padding="VALID", scope="named")
        h = slim.avg_pool2d(h, [1, 1])
        h = slim.flatten(h)
        h = slim.dropout(h, 0.5)
        h = slim.fully_connected(h, 5)
        h = slim.batch_norm(h, is_training=True, scope="bn", decay=0.9)
        h = slim.batch_norm(h, is_training=False, scope="bn2")
        h = slim.fully_connected(h, 3, activation_fn=None, scope="logits", normalizer_fn=slim.batch_norm)
        h = slim.dropout(h, 0.5, is_training=False)
    slim.softmax(h)
    tf.losses.sparse_softmax_cross_entropy(tf.placeholder(tf.int64, [None], name="y"), h)
    tf.losses.get_total_loss()


def losses():
    """tf.losses of every kind."""
    labels = tf.placeholder(tf.float32, [4, 3], name="labels")
    values = tf.placeholder(tf.float32, [4, 3], name="values")
    weights = tf.placeholder(tf.float32, [4, 1], name="weights")
    kinds = tf.losses.Reduction
    tf.losses.mean_squared_error(labels, values)
    tf.losses.absolute_difference(labels, values, weights)
    tf.losses.huber_loss(labels, values, reduction=kinds.MEAN)
    tf.losses.hinge_loss(labels, values, reduction=kinds.SUM)
    tf.losses.log_loss(labels, values, reduction=kinds.SUM_OVER_BATCH_SIZE)
    tf.losses.softmax_cross_entropy(labels, values, label_smoothing=0.1)
    tf.losses.sigmoid_cross_entropy(labels, values, reduction=kinds.NONE)


CASES = {build.__name__: build for build in (layers, slim_layers, losses)}
