"""Makes the reference data of the point benchmarks' tests, in Tests/Data.

    python3 Scripts/point-fixtures.py path/to/evaluation_datasets.py

The argument is TAP-Vid's program (tapnet/tapvid/evaluation_datasets.py of google-deepmind/tapnet). Its functions are run on random tracks;
only inputs and outputs are kept. Needs numpy 2 and Pillow 13.
"""
import ast
import hashlib
import io
import json
import os
import pickle
import sys
import typing

import numpy as np
from PIL import Image

OUT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Tests", "Data")


def official(path):
    wanted = {"compute_tapvid_metrics", "sample_queries_strided", "sample_queries_first"}
    with open(path) as file:
        tree = ast.parse(file.read())
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in wanted]
    names = {"np": np, **{name: getattr(typing, name) for name in ("Mapping", "Optional", "Tuple", "Iterable", "Union")}}
    exec(compile(ast.Module(functions, []), path, "exec"), names)
    return names


def measures(functions, rng):
    cases = []

    def case(name, count, frames, hidden, noise, edit=None):
        points = np.round(rng.uniform(0, 1, (count, 1, 2)) + np.cumsum(rng.normal(0, 0.01, (count, frames, 2)), 1), 4)
        occluded = rng.uniform(size=(count, frames)) < hidden
        if edit:
            edit(occluded)
        for mode in ("first", "strided"):
            sampled = functions["sample_queries_" + mode](occluded, points * np.array([256, 256]), np.zeros((frames, 1, 1, 3)))
            target = sampled["target_points"]
            shape = target.shape[1:3]
            # On a grid of 1/64 pixel, and some of them a threshold away from the truth: nearer than means nearer.
            predicted = np.round((target[0] + rng.normal(0, noise, shape + (2,))) * 64) / 64
            step = rng.choice([1, 2, 4, 8, 16], size=shape)
            at_threshold = rng.uniform(size=shape) < 0.1
            predicted = np.where(at_threshold[..., None], target[0] + np.stack([step, 0 * step], -1), predicted)
            hidden_said = rng.uniform(size=shape) < 0.4
            with np.errstate(all="ignore"):
                result = functions["compute_tapvid_metrics"](
                    sampled["query_points"], sampled["occluded"], target, hidden_said[None], predicted[None], mode)
            cases.append({
                "name": name, "mode": mode, "frames": frames, "points": points.tolist(), "occluded": occluded.astype(int).tolist(),
                "queries": [[int(t), x, y] for t, y, x in sampled["query_points"][0].tolist()], "predicted": predicted.tolist(),
                "predictedOccluded": hidden_said.astype(int).tolist(),
                "metrics": {key: None if np.isnan(value[0]) else float(value[0]) for key, value in result.items()}})

    def some_hidden(occluded):
        occluded[1] = True
        occluded[2, :-1] = True
        occluded[2, -1] = False

    def never_again(occluded):
        occluded[:, 1:] = True

    case("plain", 5, 13, 0.2, 3)
    case("hidden tracks", 4, 11, 0.5, 6, some_hidden)
    case("one frame", 3, 1, 0, 1)
    case("two frames", 3, 2, 0.3, 1)
    case("never seen again", 2, 7, 0, 1, never_again)
    return {"cases": cases}


def picture(width, height, seed):
    i = np.arange(3 * width * height, dtype=np.uint64) + np.uint64(seed)
    return ((i * i * np.uint64(7) + i * np.uint64(13) + (i >> np.uint64(4))) & np.uint64(255)).astype(np.uint8).reshape(height, width, 3)


def lanczos():
    cases = []
    for width, height, w, h in ((61, 47, 32, 32), (40, 30, 64, 64), (100, 50, 50, 50), (33, 90, 20, 20)):
        resized = np.array(Image.fromarray(picture(width, height, 0)).resize((w, h), Image.Resampling.LANCZOS))
        cases.append({"width": width, "height": height, "toWidth": w, "toHeight": h, "sha256": hashlib.sha256(resized.tobytes()).hexdigest()})
    return {"cases": cases}


def pickles():
    points = np.arange(2 * 3 * 2, dtype=np.float32).reshape(2, 3, 2) / 16
    occluded = np.array([[0, 1, 0], [1, 0, 0]], dtype=bool)
    video = np.stack([picture(8, 6, 1000 * t) for t in range(3)])
    first = {"video": video, "points": points, "occluded": occluded}
    second = {"video": video[::-1], "points": points.astype(np.float64), "occluded": np.asfortranarray(occluded)}
    for protocol in (2, 3, 4, 5):
        with open(os.path.join(OUT, f"tapvid-davis-{protocol}.pkl"), "wb") as file:
            pickle.dump({"goat": first, "dog": second}, file, protocol)
    with open(os.path.join(OUT, "tapvid-rgb-stacking.pkl"), "wb") as file:
        pickle.dump([first, second], file)

    def jpeg(t):
        buffer = io.BytesIO()
        Image.new("RGB", (8, 6), (40 * t, 100, 200)).save(buffer, "JPEG", quality=95)
        return buffer.getvalue()

    encoded = [jpeg(t) for t in range(3)]
    for name, frames in (("array", np.array(encoded)), ("list", encoded), ("objects", np.array(encoded, dtype=object))):
        with open(os.path.join(OUT, f"tapvid-kinetics-{name}.pkl"), "wb") as file:
            pickle.dump([{"video": frames, "points": points, "occluded": occluded}], file)


def main():
    os.makedirs(OUT, exist_ok=True)
    for name, value in (("tapvid-measures", measures(official(sys.argv[1]), np.random.default_rng(20))), ("lanczos", lanczos())):
        with open(os.path.join(OUT, name + ".json"), "w") as file:
            json.dump(value, file, separators=(",", ":"))
            file.write("\n")
    pickles()


main()
