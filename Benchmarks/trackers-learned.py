"""Learned point trackers here and in their reference code, in turns: trackers-learned.py PROGRAM TRACKER CHECKPOINT REPOSITORY [--frames N]
[--points N] [--rounds N] [--forms NAMES] [--exact]

TRACKER is cotracker, cotracker2, cotracker3_offline or cotracker3_online; PROGRAM is benchmark-trackers; REPOSITORY is a folder with the tracker's reference code. Prints one row of a Markdown
table: seconds for the whole clip, by the clock and (in brackets) of all processors together, and the largest distance in pixels from the reference's trajectories. The reference of CoTracker 1 runs as
SAM-PT runs it, over the clip and over the reversed clip; that of CoTracker 2 and 3 as its authors' predictor does, over the clip.

--forms names which precisions of ours are run, with commas between (default,bfloat16-encoder,bfloat16).

With --exact, the reference is run once more in float64, and how far its own float32 and ours are from that is told on standard error: what one
window rounds differently, the next ones multiply.

Needs torch, timm and einops.
"""
import argparse
import functools
import json
import os
import struct
import sys
import tempfile
import time
import warnings

import numpy as np
import torch

import torchvision_operators  # noqa: F401
from line_program import LineProgram

warnings.filterwarnings("ignore")

parser = argparse.ArgumentParser()
parser.add_argument("program")
parser.add_argument("tracker", choices=["cotracker", "cotracker2", "cotracker3_offline", "cotracker3_online"])
parser.add_argument("checkpoint")
parser.add_argument("repository")
parser.add_argument("--frames", type=int, default=48)
parser.add_argument("--points", type=int, default=100)
parser.add_argument("--rounds", type=int, default=2)
parser.add_argument("--forms", default="default,bfloat16-encoder,bfloat16")
parser.add_argument("--exact", action="store_true")
arguments = parser.parse_args()
sys.path.insert(0, arguments.repository)
WIDTH, HEIGHT = 512, 384
torch.set_num_threads(len(os.sched_getaffinity(0)))


def clip():
    """Two textures that move over each other; the time does not depend on the contents."""
    random = np.random.default_rng(72)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    waves = [(random.uniform(0.02, 0.3, 2), random.uniform(0, 6, 3)) for _ in range(12)]
    pictures = []
    for t in range(arguments.frames):
        planes = [sum(np.sin((x - 2 * t) * k[0] + (y + t) * k[1] + p[c]) for k, p in waves) for c in range(3)]
        pictures.append(np.clip(127 + 30 * np.stack(planes, -1), 0, 255).astype(np.uint8))
    return np.stack(pictures)


def grid():
    """Pixel centres counted as whole numbers."""
    side = int(np.ceil(np.sqrt(arguments.points)))
    i = np.arange(arguments.points)
    return np.stack([40 + (i % side) * (WIDTH - 80) / (side - 1), 40 + (i // side) * (HEIGHT - 80) / (side - 1)], -1).round().astype(np.float32)


class CoTracker:
    """SAM-PT's use of CoTracker 1 (docs: spec of the project's tracker): support grids every 12 frames, 6 iterations, both directions."""

    def __init__(self, checkpoint):
        from cotracker.models.build_cotracker import build_cotracker_stride_4_wind_8
        self.model = build_cotracker_stride_4_wind_8(checkpoint).to(torch.get_default_dtype()).eval()
        # The network's answer depends on the points' order (by a fraction of a pixel here), and PyTorch leaves open in which order it sorts
        # points of one frame. Here they stay as given.
        torch.sort = functools.partial(torch.sort, stable=True)

    @torch.no_grad()
    def __call__(self, frames, points):
        frames = torch.from_numpy(frames).permute(0, 3, 1, 2)[None].to(torch.get_default_dtype())
        count = frames.shape[1]
        queries = [torch.cat([torch.zeros(len(points), 1), torch.from_numpy(points)], 1)]
        corners = torch.tensor([[8.0, 8], [504, 8], [8, 376], [504, 376]])
        queries += [torch.cat([torch.full((4, 1), float(t)), corners], 1) for t in range(0, count, 12)]
        queries = torch.cat(queries)[None].to(frames.dtype)
        forward = self.model(rgbs=frames, queries=queries, iters=6)[0]
        if torch.get_default_dtype() != torch.float64:
            back = queries.clone()
            back[..., 0] = count - 1 - back[..., 0]
            self.model(rgbs=frames.flip(1).clone(), queries=back, iters=6)
        return forward[0, :, :len(points)].numpy()


class LaterCoTracker:
    """The authors' predictor of CoTracker 2 and 3: a support grid of 6 x 6 in the first frame, 6 iterations, no backward run."""

    def __init__(self, checkpoint):
        from cotracker.predictor import CoTrackerPredictor
        offline, first = arguments.tracker == "cotracker3_offline", arguments.tracker == "cotracker2"
        self.predictor = CoTrackerPredictor(checkpoint, offline=offline, v2=first, window_len=60 if offline else 8 if first else 16)
        self.predictor.model.to(torch.get_default_dtype())

    @torch.no_grad()
    def __call__(self, frames, points):
        frames = torch.from_numpy(frames).permute(0, 3, 1, 2)[None].to(torch.get_default_dtype())
        queries = torch.cat([torch.zeros(len(points), 1), torch.from_numpy(points)], 1)[None].to(frames.dtype)
        return self.predictor(frames, queries=queries)[0][0].numpy()


def read(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        return np.frombuffer(file.read(), np.float32).reshape(header["positions"]["shape"])


with tempfile.TemporaryDirectory() as folder:
    frames, points = clip(), grid()
    pixels, positions, result = (os.path.join(folder, name) for name in ("pixels", "points", "tracks"))
    frames.tofile(pixels)
    (points + np.float32(0.5)).tofile(positions)
    settings = [arguments.checkpoint, str(WIDTH), str(HEIGHT), str(arguments.frames), pixels, positions]
    forms = {"default": [], "bfloat16-encoder": ["--bfloat16-encoder"], "bfloat16": ["--bfloat16"]}
    chosen = arguments.forms.split(",")
    programs = {name: LineProgram(arguments.program, "learned", *settings, *forms[name]) for name in chosen}
    reference = (CoTracker if arguments.tracker == "cotracker" else LaterCoTracker)(arguments.checkpoint)

    def distance_from(tracks, other):
        """The first frame is the query itself here, and a guess there."""
        return np.linalg.norm(tracks[1:] - other[1:], axis=-1).max()

    def keep(name, clock, processor):
        best[name] = tuple(map(min, best.get(name, (np.inf, np.inf)), (clock, processor)))

    best, wanted, found = {}, None, {}
    for round in range(arguments.rounds):
        start, used = time.perf_counter(), time.process_time()
        wanted = reference(frames, points)
        keep("reference", time.perf_counter() - start, time.process_time() - used)
        for name, program in programs.items():
            if round == 0:
                program.ask("run")  # compiles, where nothing is cached
            used = program.processor_seconds()
            clock = float(program.ask(f"tracks {result}")) / 1000
            keep(name, clock, program.processor_seconds() - used)
            found[name] = read(result) - 0.5
    memory = {name: int(program.ask("memory")) / 1024 for name, program in programs.items()}
    for program in programs.values():
        program.close()
    moved = np.linalg.norm(wanted - points[None], axis=-1).max()
    print(f"{arguments.tracker}: torch {torch.__version__}, {torch.get_num_threads()} threads; the reference moves points by up to {moved:.1f} px",
          file=sys.stderr)
    def seconds(name):
        return "{:.1f} ({:.1f})".format(*best[name])

    def cells(name):
        ratio = "{:.2f} ({:.2f})".format(*(theirs / ours for theirs, ours in zip(best["reference"], best[name])))
        return f"{seconds(name)} | {ratio} | {distance_from(found[name], wanted):.4f} | {memory[name]:.0f}"

    print(f"| {arguments.tracker} | {arguments.points} | {arguments.frames} | {seconds('reference')} | "
          + " | ".join(cells(name) if name in chosen else "| | | " for name in forms) + " |", flush=True)

    if arguments.exact:
        # The reference asks for float32 by name in many places.
        torch.float32, torch.Tensor.float = torch.float64, torch.Tensor.double
        torch.set_default_dtype(torch.float64)
        exact = type(reference)(arguments.checkpoint)(frames, points)
        print(f"{arguments.tracker}: from float64, largest distance: the reference in float32 {distance_from(wanted, exact):.4f} px, "
              + ", ".join(f"ours ({name}) {distance_from(tracks, exact):.4f} px" for name, tracks in found.items()), file=sys.stderr)
