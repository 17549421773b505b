"""Writes the definitions of TensorFlow 1.15's operations that the engine has too, for the tests to compare with.

    python tools/make_op_definitions.py OUT.pb NAME…

OUT.pb is a serialized OpList without texts. Needs TensorFlow 1.15.
"""

import sys

import tensorflow  # noqa: F401  (registers the operations)
from tensorflow.core.framework import op_def_pb2
from tensorflow.python.framework import c_api_util

registered = op_def_pb2.OpList()
registered.ParseFromString(c_api_util.c_api.TF_GetBuffer(c_api_util.c_api.TF_GetAllOpList()))
wanted = set(sys.argv[2:])
chosen = op_def_pb2.OpList()
for op in sorted(registered.op, key=lambda op: op.name):
    if op.name not in wanted:
        continue
    op.summary = op.description = ""
    for argument in list(op.input_arg) + list(op.output_arg):
        argument.description = ""
    for attribute in op.attr:
        attribute.description = ""
    chosen.op.add().CopyFrom(op)
with open(sys.argv[1], "wb") as out:
    out.write(chosen.SerializeToString(deterministic=True))
print(len(chosen.op), "definitions")
