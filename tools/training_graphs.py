"""More graphs for `make_graph_goldens.py`: variables of every kind, optimizers, schedules and savers.

Keep each equal to the test of the same graph in Tests/TrainingTests.
"""
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf  # noqa: E402


def weights(use_resource):
    w = tf.get_variable("w", [3], initializer=tf.ones_initializer(), use_resource=use_resource)
    b = tf.get_variable("b", [], initializer=tf.zeros_initializer(), use_resource=use_resource)
    return w, b


def every_optimizer(use_resource):
    """All optimizers on given gradients, with and without a global step."""
    pairs = [(tf.constant([1.0, 2.0, 3.0], name="gw"), None), (tf.constant(0.5, name="gb"), None)]
    pairs = [(g, v) for (g, _), v in zip(pairs, weights(use_resource))]
    step = tf.train.get_or_create_global_step()
    tf.train.GradientDescentOptimizer(0.1).apply_gradients(pairs)
    tf.train.AdagradOptimizer(0.1, use_locking=True).apply_gradients(pairs, global_step=step)
    tf.train.AdagradDAOptimizer(0.1, step, l1_regularization_strength=0.1).apply_gradients(pairs, global_step=step)
    tf.train.MomentumOptimizer(0.1, 0.9, use_nesterov=True).apply_gradients(pairs)
    tf.train.AdamOptimizer(use_locking=True).apply_gradients(pairs, global_step=step)
    tf.train.FtrlOptimizer(0.1).apply_gradients(pairs)
    tf.train.FtrlOptimizer(0.1, l2_shrinkage_regularization_strength=0.2, name="Shrinking").apply_gradients(pairs)
    tf.train.RMSPropOptimizer(0.01).apply_gradients(pairs)
    tf.train.RMSPropOptimizer(0.01, momentum=0.5, centered=True).apply_gradients(pairs, global_step=step)
    tf.train.AdadeltaOptimizer(0.5).apply_gradients(pairs)


def sequences():
    """Initial values of every kind."""
    tf.set_random_seed(11)
    tf.Variable(tf.range(3, 18, 3), name="steps")
    tf.Variable(tf.range(5), name="count")
    tf.Variable(tf.range(0.0, 1.0, 0.25), name="quarters")
    tf.Variable(tf.linspace(10.0, 12.0, 3, name="linspace"), name="even")
    tf.Variable(tf.multinomial([[10.0, 10.0, 5.0]], 5), name="classes")
    tf.Variable(tf.random_shuffle([[1, 2], [3, 4], [5, 6]]), name="shuffled")
    tf.Variable(tf.random_crop(tf.ones([4, 6]), [2, 3]), name="crop", validate_shape=False)
    tf.Variable(tf.random_uniform([2], 0, 10, dtype=tf.int32), name="dice")
    tf.Variable(tf.zeros_like(tf.constant([1.0, 2.0])), name="zeros")
    tf.Variable(tf.fill([2, 3], 7.0), name="sevens")
    tf.greater_equal(1.0, 2.0), tf.less_equal(1.0, 2.0), tf.not_equal(1.0, 2.0)
    tf.logical_and(True, False), tf.logical_or(True, False), tf.squared_difference(1.0, 2.0)


def sparse_updates():
    """Gradients of gathered rows."""
    table = tf.get_variable("table", [5, 3], initializer=tf.ones_initializer())
    ids = tf.constant([0, 2, 0], name="ids")
    values = tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]], name="values")
    pairs = [(tf.IndexedSlices(values, ids, tf.constant([5, 3], name="shape")), table)]
    step = tf.train.get_or_create_global_step()
    tf.train.GradientDescentOptimizer(0.1).apply_gradients(pairs)
    tf.train.AdagradOptimizer(0.1).apply_gradients(pairs)
    tf.train.AdagradDAOptimizer(0.1, step).apply_gradients(pairs, global_step=step)
    tf.train.MomentumOptimizer(0.1, 0.9).apply_gradients(pairs)
    tf.train.AdamOptimizer(0.1).apply_gradients(pairs)
    tf.train.FtrlOptimizer(0.1).apply_gradients(pairs)
    tf.train.RMSPropOptimizer(0.1).apply_gradients(pairs)
    tf.train.RMSPropOptimizer(0.1, centered=True).apply_gradients(pairs)


def gates_and_constraints():
    """A gradient gate over the whole graph, a constraint, float64."""
    w = tf.get_variable("w", [3], initializer=tf.ones_initializer(), constraint=lambda v: tf.maximum(v, 0.0))
    r = tf.get_variable("r", [3], initializer=tf.ones_initializer(), use_resource=True,
                        constraint=lambda v: tf.minimum(v, 1.0))
    loss = tf.reduce_sum(w * 2.0) + tf.reduce_sum(r * 3.0)
    optimizer = tf.train.GradientDescentOptimizer(0.1)
    optimizer.minimize(loss, gate_gradients=tf.train.Optimizer.GATE_GRAPH)
    d = tf.get_variable("d", [2], dtype=tf.float64, initializer=tf.zeros_initializer())
    tf.train.AdamOptimizer(0.1).apply_gradients([(tf.constant([1.0, 2.0], tf.float64), d)])


def averages():
    """Moving averages of variables and tensors."""
    with tf.variable_scope("model"):
        w = tf.get_variable("w", [3], initializer=tf.ones_initializer())
    v = tf.Variable([1.0, 2.0], name="v")
    step = tf.train.get_or_create_global_step()
    average = tf.train.ExponentialMovingAverage(0.99, step)
    average.apply([w, v])
    average.apply([w])
    with tf.name_scope("scope"):
        tf.train.ExponentialMovingAverage(0.5, name="second").apply([v, v * 2.0])


def schedules():
    step = tf.train.get_or_create_global_step()
    tf.train.exponential_decay(0.1, step, 10, 0.9, staircase=True)
    tf.train.exponential_decay(0.1, step, 10, 0.9, name="mine")
    tf.train.inverse_time_decay(0.1, step, 10, 0.5)
    tf.train.natural_exp_decay(0.1, step, 10, 0.5)
    tf.train.polynomial_decay(0.1, step, 100, 0.01, power=0.5)
    tf.train.cosine_decay(0.1, step, 100, alpha=0.1)
    tf.train.linear_cosine_decay(0.1, step, 100)


def resource_variables():
    """Resource variables, what is done with them, and a saver."""
    v = tf.Variable([1.0, 2.0], name="v", use_resource=True)
    with tf.variable_scope("scope", use_resource=True):
        w = tf.get_variable("w", [2], initializer=tf.zeros_initializer())
    v * 2.0
    2.0 * w
    v.assign([1.0, 2.0]), v.assign_add([1.0, 1.0]), v.assign_sub([1.0, 1.0])
    tf.assign(v, [1.0, 2.0])
    tf.is_variable_initialized(v)
    w.read_value()
    tf.Variable(v.initialized_value() * 0.5, name="from_v")
    tf.global_variables_initializer()
    tf.train.Saver()
    tf.train.Saver([w], reshape=True)


def initial_values():
    """Variables whose initial values read other variables; caching devices; unknown shapes."""
    w = tf.Variable([1.0, 2.0], name="w")
    tf.Variable(w.initialized_value() * 0.2, name="w2")
    tf.Variable(w * 3.0, name="w3")
    w.read_value()
    with tf.device("/cpu:0"):
        tf.get_variable("placed", [2], initializer=tf.ones_initializer(), caching_device="/cpu:1")
    tf.Variable(tf.placeholder(tf.float32, name="any"), validate_shape=False, name="free")


def partitioned():
    with tf.variable_scope("p", partitioner=tf.fixed_size_partitioner(3)):
        w = tf.get_variable("w", [7, 2])
        tf.get_variable("b", [4], initializer=tf.zeros_initializer())
    with tf.variable_scope("q", partitioner=tf.variable_axis_size_partitioner(16)):
        tf.get_variable("c", [8], initializer=tf.constant_initializer(0.5))
    y = tf.matmul(tf.ones([1, 7]), w, name="y")
    assert y is not None
    gradients = [tf.ones(v.shape, name="g") for v in w]
    tf.train.MomentumOptimizer(0.1, 0.9).apply_gradients(list(zip(gradients, w)))
    tf.train.Saver()


def scaling_initializers():
    tf.set_random_seed(5)
    scaling = tf.initializers.variance_scaling
    for mode in ("fan_in", "fan_out", "fan_avg"):
        for kind in ("truncated_normal", "untruncated_normal", "uniform"):
            tf.get_variable(mode + "_" + kind, [3, 3, 4, 6], initializer=scaling(1.5, mode, kind))
    tf.get_variable("unit", [4, 3], initializer=tf.uniform_unit_scaling_initializer(1.43))
    tf.get_variable("he", [4, 3], initializer=tf.initializers.he_normal())
    tf.get_variable("lecun", [4, 3], initializer=tf.initializers.lecun_uniform())
    tf.get_variable("tall", [4, 3], initializer=tf.orthogonal_initializer(1.5))
    tf.get_variable("wide", [2, 2, 6], initializer=tf.orthogonal_initializer())


def scope_defaults():
    """What scopes hand on: regularizers, caching devices, types, getters, no name scope."""
    l1, l2 = tf.contrib.layers.l1_regularizer, tf.contrib.layers.l2_regularizer

    def renamed(getter, name, *args, **kwargs):
        return getter(name + "_renamed", *args, **kwargs)

    with tf.variable_scope("s", regularizer=l2(0.1), initializer=tf.ones_initializer()):
        tf.get_variable("w", [2, 3])
        with tf.variable_scope("inner", dtype=tf.float64, caching_device="/cpu:0"):
            tf.get_variable("u", [2], regularizer=l1(0.2))
            tf.get_variable("r", [2], use_resource=True)
        with tf.variable_scope("both", regularizer=tf.contrib.layers.l1_l2_regularizer(0.1, 0.3)):
            tf.get_variable("b", [2])
    with tf.variable_scope("t", custom_getter=renamed):
        tf.get_variable("w", [2], initializer=tf.zeros_initializer())
    with tf.name_scope("outside"), tf.variable_scope("v", auxiliary_name_scope=False):
        tf.get_variable("w", [2], initializer=tf.zeros_initializer())
        tf.constant(1, name="here")


def reports():
    w = tf.Variable([1.0, 2.0], name="w")
    u = tf.Variable([1.0, 2.0], name="u", use_resource=True)
    tf.report_uninitialized_variables()
    tf.report_uninitialized_variables([w, u], name="mine")
    tf.assert_variables_initialized([w])


def special_savers():
    """Sharded savers, the first format, sequential and sliced ones."""
    with tf.device("/job:worker/task:0"):
        a = tf.Variable([1.0, 2.0], name="a")
    with tf.device("/cpu:0"):
        b = tf.Variable(3, name="b")
        r = tf.Variable([3.0], name="r", use_resource=True)
    with tf.variable_scope("p", partitioner=tf.fixed_size_partitioner(2)):
        tf.get_variable("w", [3], initializer=tf.zeros_initializer())
    tf.train.Saver(sharded=True)
    tf.train.Saver([a, b], restore_sequentially=True, reshape=True)
    tf.train.Saver([a, r], write_version=tf.train.SaverDef.V1)
    tf.train.Saver(write_version=tf.train.SaverDef.V1)
    tf.train.Saver([a, b], sharded=True, write_version=tf.train.SaverDef.V1)


CASES = {
    "every_optimizer": lambda: every_optimizer(False),
    "every_optimizer_resource": lambda: every_optimizer(True),
}
for build in (gates_and_constraints, averages, schedules, resource_variables, initial_values, partitioned,
              scaling_initializers, scope_defaults, reports, special_savers, sparse_updates,
              sequences):
    CASES[build.__name__] = build
