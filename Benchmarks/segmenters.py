"""Published segmenters here and in the reference packages, in turns: segmenters.py PROGRAM MODEL CHECKPOINT [--rounds N]

MODEL is sam-vit-b, hq-sam-vit-b, mobile-sam or light-hq-sam; PROGRAM is benchmark-segmenters. Prints one row of a Markdown table. Every
round times the reference, then ours in the default precision, then ours in float32; the best of all rounds counts.

Needs torch and, from PyPI, segment-anything, segment-anything-hq or mobilesam-mirror.
"""
import argparse
import json
import os
import struct
import sys
import tempfile
import time
import warnings

import numpy as np
import torch

import sam_reference
from line_program import LineProgram

warnings.filterwarnings("ignore")

parser = argparse.ArgumentParser()
parser.add_argument("program")
parser.add_argument("model", choices=["sam-vit-b", "hq-sam-vit-b", "mobile-sam", "light-hq-sam"])
parser.add_argument("checkpoint")
parser.add_argument("--rounds", type=int, default=5)
arguments = parser.parse_args()

WIDTH, HEIGHT, OBJECTS, REFINEMENTS = 1024, 576, 3, 12
torch.set_num_threads(os.cpu_count())


def picture():
    """Smooth shapes and a little noise: the time does not depend on the contents."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    planes = [127 + 90 * np.sin(x / (37 + 11 * c) + c) * np.cos(y / (53 - 7 * c)) for c in range(3)]
    noise = np.random.default_rng(72).integers(-20, 21, (HEIGHT, WIDTH, 3))
    return np.clip(np.stack(planes, -1) + noise, 0, 255).astype(np.uint8)


def prompts():
    """Eight positive points and one negative point for each object, as whole pixels."""
    random = np.random.default_rng(73)
    objects = []
    for i in range(OBJECTS):
        center = np.array([WIDTH * (i + 1) / (OBJECTS + 1), HEIGHT / 2])
        points = np.round(np.concatenate([center + random.uniform(-90, 90, (8, 2)), center[None] + [[0, 200]]]))
        objects.append((points, np.array([1] * 8 + [0])))
    return objects


class Ours(LineProgram):
    def __init__(self, pixels, *options):
        super().__init__(arguments.program, arguments.checkpoint, str(WIDTH), str(HEIGHT), pixels, *options)
        self.start = float(self.answer()) / 1000


def read(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        return np.frombuffer(file.read(), np.float32).reshape(header["logits"]["shape"])


def relative(a, b):
    return np.linalg.norm(a - b) / np.linalg.norm(b)


with tempfile.TemporaryDirectory() as folder:
    image, objects = picture(), prompts()
    pixels = os.path.join(folder, "pixels")
    image.tofile(pixels)
    # Pixel centres are at +0.5 here and whole numbers there.
    words = " ".join(";".join(f"{x + 0.5},{y + 0.5},{l}" for (x, y), l in zip(points, labels)) for points, labels in objects)
    Ours(pixels).close()  # compiles, where nothing is cached
    ours, ours32 = Ours(pixels), Ours(pixels, "--float32")
    predictor = sam_reference.load(arguments.model, arguments.checkpoint)

    def encode():
        start = time.perf_counter()
        predictor.set_image(image)
        return 1000 * (time.perf_counter() - start)

    def decode():
        start = time.perf_counter()
        passes = [sam_reference.refined(predictor, *object, REFINEMENTS) for object in objects]
        return 1000 * (time.perf_counter() - start), passes

    encode(), decode()
    for program in (ours, ours32):
        program.ask("encode"), program.ask("decode " + words)
    best = {}
    for _ in range(arguments.rounds):
        row = {"e": encode(), "e16": float(ours.ask("encode")), "e32": float(ours32.ask("encode"))}
        for name, value in row.items():
            best[name] = min(value, best.get(name, np.inf))
    for _ in range(arguments.rounds):
        row = {"d": decode()[0], "d16": float(ours.ask("decode " + words)), "d32": float(ours32.ask("decode " + words))}
        for name, value in row.items():
            best[name] = min(value, best.get(name, np.inf))

    low = []
    with torch.no_grad():
        for points, labels in objects:
            coordinates = torch.as_tensor(predictor.transform.apply_coords(points, predictor.original_size), dtype=torch.float32)[None]
            low.append(predictor.predict_torch(coordinates, torch.as_tensor(labels, dtype=torch.int)[None], multimask_output=False)[2].numpy())
    low = np.concatenate(low).reshape(OBJECTS, -1)
    errors = []
    for name, program in (("16", ours), ("32", ours32)):
        path = os.path.join(folder, name)
        program.ask(f"masks {path} {words}")
        errors.append(relative(read(path), low))
    ours.close(), ours32.close()
    starts = [(lambda program: (program.close(), program.start)[1])(Ours(pixels)) for _ in range(3)]

    passes = decode()[1]
    print(f"{arguments.model}: passes of the reference for each object {passes}, torch {torch.__version__}, {torch.get_num_threads()} threads",
          file=sys.stderr)
    print(f"| {arguments.model} | {best['e']:.0f} | {best['e16']:.0f} | {best['e']/best['e16']:.2f} | {best['e32']:.0f} | {best['e']/best['e32']:.2f} "
          f"| {best['d']:.0f} | {best['d16']:.0f} | {best['d']/best['d16']:.2f} | {best['d32']:.0f} | {best['d']/best['d32']:.2f} "
          f"| {errors[0]:.1e} | {errors[1]:.1e} | {min(starts):.2f} |", flush=True)
