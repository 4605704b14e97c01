"""Checks an ONNX model and runs it: check-onnx.py MODEL INPUTS OUTPUTS

INPUTS and OUTPUTS are .safetensors files of float32. Exits with a message when the checker of the onnx package objects, otherwise writes
what ONNX Runtime computes on the CPU.
"""
import json
import struct
import sys

import numpy as np
import onnx
import onnxruntime


def read(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    header.pop("__metadata__", None)
    return {
        name: np.frombuffer(data[slice(*entry["data_offsets"])], np.float32).reshape(entry["shape"]) for name, entry in header.items()
    }


def write(path, tensors):
    header, blobs, offset = {}, [], 0
    for name, tensor in tensors.items():
        if tensor.dtype != np.float32:
            sys.exit(f"the output {name} is of {tensor.dtype}")
        blob = np.ascontiguousarray(tensor).tobytes()
        header[name] = {"dtype": "F32", "shape": tensor.shape, "data_offsets": [offset, offset + len(blob)]}
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


model, inputs, outputs = sys.argv[1:]
onnx.checker.check_model(model, full_check=True)
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
names = [output.name for output in session.get_outputs()]
write(outputs, dict(zip(names, session.run(names, read(inputs)))))
