#!/usr/bin/env python3
"""Makes Tests/PointTrackersTests/Resources/tapnet: what the original TapNet computes with generated weights.

    git clone https://github.com/google-deepmind/tapnet
    pip install jax dm-haiku einops optax chex absl-py safetensors
    Scripts/make-tapnet-reference.py TAPNET_CHECKOUT OUT_FOLDER

Weights are generated from names, as Tests/TestSupport/ParityWeights.swift does it: element i of a tensor is
v * scale + offset, v from -1 to 1, from a SplitMix64 stream that the tensor's name and the case's seed start.
"""
import json
import math
import os
import pickle
import subprocess
import sys

import numpy as np

SEED = 0x7A90E75EED2022AB
SIDE, FRAMES = 128, 6
QUERIES = [[0, 30.25, 41.5], [0, 120.75, 3.25], [2, 64.0, 64.0], [2, 127.5, 100.125], [5, 17.75, 90.5]]


def fnv1a64(text):
    h = 0xCBF29CE484222325
    for byte in text.encode():
        h = ((h ^ byte) * 0x100000001B3) & (2**64 - 1)
    return h


def generated(entry):
    count = int(np.prod(entry["shape"]))
    with np.errstate(over="ignore"):
        z = np.uint64(fnv1a64(entry["name"]) ^ SEED) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    v = (z >> np.uint64(40)).astype(np.float64) * 2.0**-24 * 2 - 1
    return (v * entry["scale"] + entry["offset"]).astype(np.float32).reshape(entry["shape"])


def entry(module, key, shape):
    """Scales that keep activations near 1 through all layers."""
    if key == "w":
        gain = {"cost_volume_regression_1": 13.0, "cost_volume_regression_2": 18.0}.get(module.split("/")[-1], 5.0)
        scale, offset = math.sqrt(gain / np.prod(shape[:-1])), 0.0
    elif key == "scale" or "var_ema" in module:
        scale, offset = 0.25, 1.0
    elif key in ("b", "offset") or "mean_ema" in module:
        scale, offset = 0.1, 0.0
    else:
        raise ValueError(f"{module}/{key}")
    bits = 2.0 ** (7 - math.floor(math.log2(scale)))
    return {"name": f"{module}/{key}", "shape": list(shape), "dtype": "float32", "scale": round(scale * bits) / bits, "offset": offset}


def clip():
    """Smooth moving blobs with some noise."""
    random = np.random.default_rng(5)
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float64)
    frames = np.zeros((FRAMES, SIDE, SIDE, 3))
    for _ in range(60):
        position, speed = random.uniform(0, SIDE, 2), random.uniform(-3, 3, 2)
        radius, color = random.uniform(3, 16), random.uniform(-1, 1, 3)
        for t in range(FRAMES):
            cy, cx = position + t * speed
            frames[t] += np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / (2 * radius**2))[..., None] * color
    frames = 128 + 70 * frames + random.normal(0, 4, frames.shape)
    return np.clip(np.rint(frames), 0, 255).astype(np.uint8)[None]


def run(checkout, double):
    sys.path.insert(0, checkout)
    import jax

    jax.config.update("jax_enable_x64", double)
    jax.config.update("jax_default_matmul_precision", "highest")
    import haiku as hk
    import jax.numpy as jnp
    from tapnet.models import tapnet_model

    seen = {}

    def record(call, args, kwargs, context):
        result = call(*args, **kwargs)
        name = context.module.module_name
        last = name.split("/")[-1]
        if context.method_name != "__call__":
            return result
        if last == "tsm_resnet_unit_0":
            seen["stem"] = args[0]
        for index, block in enumerate(["0/block_0", "0/block_1", "1/block_0", "1/block_1"]):
            if name.endswith(f"tsm_resnet_unit_{block}"):
                seen[f"block{index}"] = result
        if last == "tsm_resnet_unit_2":
            seen["latent"] = result
        if last == "cost_volume_regression_1":
            seen["costVolume"] = args[0][..., 0]
        if last == "cost_volume_regression_2":
            seen["heatmapLogits"] = result[..., 0]
        return result

    def forward(video, queries, training=False):
        seen.clear()
        with hk.intercept_methods(record):
            outputs = tapnet_model.TAPNet(cross_replica_axis=None)(
                video=video, is_training=training, query_points=queries, query_chunk_size=64)
        return {**seen, **{key: outputs[key] for key in ("feature_grid", "tracks", "occlusion")}}

    network = hk.transform_with_state(forward)
    kind = jnp.float64 if double else jnp.float32
    video = jnp.asarray(clip(), kind) / 255 * 2 - 1
    queries = jnp.asarray([QUERIES], kind)
    shapes = jax.eval_shape(lambda *a: network.init(*a, True), jax.random.PRNGKey(0), video, queries)
    entries, trees = [], []
    for tree in shapes:
        values = {}
        for module, tensors in tree.items():
            values[module] = {}
            for key, tensor in tensors.items():
                if key in ("counter", "hidden"):
                    values[module][key] = jnp.zeros(tensor.shape, tensor.dtype)
                    continue
                entries.append(entry(module, key, tensor.shape))
                values[module][key] = jnp.asarray(generated(entries[-1]), kind)
        trees.append(values)
    outputs, _ = network.apply(trees[0], trees[1], None, video, queries)
    return {name: np.asarray(value) for name, value in outputs.items()}, entries


STEPS = {"stem": (1, 3, 3, 4), "block0": (1, 3, 3, 4), "block1": (1, 3, 3, 4), "block2": (1, 2, 2, 8), "block3": (1, 2, 2, 8),
         "latent": (1, 2, 2, 16), "feature_grid": (1, 1, 2, 2, 16)}


def main():
    checkout, out = sys.argv[1:3]
    if out == "-":
        pickle.dump(run(checkout, True)[0], sys.stdout.buffer)
        return
    double = pickle.loads(subprocess.run([sys.executable, __file__, checkout, "-"], check=True, stdout=subprocess.PIPE).stdout)
    single, entries = run(checkout, False)
    from safetensors.numpy import save_file

    described, noise, stored = [], {}, {}
    for name, value in single.items():
        reference = double[name].astype(np.float64)
        difference = value - reference
        noise[name] = {
            "maxAbs": float(np.abs(difference).max()), "relL2": float(np.linalg.norm(difference) / np.linalg.norm(reference)),
            "rms": float(np.sqrt(np.mean(reference**2))), "peak": float(np.abs(reference).max())}
        text = {"name": name, "dtype": "float32"}
        if name in STEPS:
            text.update(fullShape=list(value.shape), start=[0] * value.ndim, step=list(STEPS[name]))
            value = value[tuple(slice(None, None, step) for step in STEPS[name])]
        text["shape"] = list(value.shape)
        described.append(text)
        stored[name] = np.ascontiguousarray(value, dtype=np.float32)
    inputs = {"video": clip(), "queries": np.array([QUERIES], np.float32)}
    manifest = {
        "case": "tapnet", "network": "tapnet", "caseSeed": hex(SEED),
        "notes": ["video = uint8/255*2-1, channels last; queries (t, y, x) and tracks (x, y) in pixels; weights by their Haiku names",
                  "stem, block0 to block3, latent: [t, y, x, c]; costVolume, heatmapLogits: [t, n, y, x]"],
        "config": {"side": SIDE},
        "inputs": [{"name": name, "shape": list(value.shape), "dtype": str(value.dtype)} for name, value in inputs.items()],
        "outputs": described,
        "tolerance": {"how": "float32 against float64, same weights and inputs", "outputs": noise},
        "tensors": entries,
    }
    os.makedirs(out, exist_ok=True)
    save_file(inputs, os.path.join(out, "inputs.safetensors"))
    save_file(stored, os.path.join(out, "outputs.safetensors"))
    with open(os.path.join(out, "manifest.json"), "w") as file:
        json.dump(manifest, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
