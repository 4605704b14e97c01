"""What the steps of SAM-PT cost a frame, here and in PyTorch: one row of the table of Benchmarks/pipeline-cost.sh.

The reference's side does what SAM-PT does, in its order: query points by k-medoids, tracking over the clip and over the reversed clip (frames
at 1024 pixels on the longer side), and in every frame the image encoder, one pass with the positive points, one with all, and refinements
with the box around the mask. There is no reference for the built-in models.
"""
import argparse
import contextlib
import functools
import io
import json
import os
import subprocess
import sys
import time
import warnings

import numpy as np
import torch
from PIL import Image

import sam_reference

warnings.filterwarnings("ignore")

parser = argparse.ArgumentParser()
parser.add_argument("program")
parser.add_argument("frames_folder")
parser.add_argument("mask")
parser.add_argument("--segmenter", nargs=2)
parser.add_argument("--tracker", nargs=2)
parser.add_argument("--repository")
parser.add_argument("--frames", type=int, default=48)
parser.add_argument("--refinements", type=int, default=12)
parser.add_argument("--positives", type=int, default=16)
arguments = parser.parse_args()
torch.set_num_threads(len(os.sched_getaffinity(0)))
if arguments.repository:
    sys.path.insert(0, arguments.repository)
STEPS = ("points", "tracking", "encoder", "prompting")


def resized(path, method):
    image = Image.open(path)
    scale = 1024 / max(image.size)
    return np.array(image.resize([int(side * scale + 0.5) for side in image.size], method))


def kmedoids(mask, count, random):
    """The reference's sampling: alternating, from points in the middle, over 1800 pixels at most."""
    pixels = np.argwhere(mask)
    pixels = pixels[random.permutation(len(pixels))[:1800]].astype(np.float32)
    distances = np.linalg.norm(pixels[:, None] - pixels[None], axis=-1)
    medoids = np.argpartition(distances.sum(1), count - 1)[:count]
    for _ in range(300):
        labels = distances[medoids].argmin(0)
        better = medoids.copy()
        for k in range(count):
            members = np.flatnonzero(labels == k)
            if len(members):
                better[k] = members[distances[np.ix_(members, members)].sum(1).argmin()]
        if (better == medoids).all():
            break
        medoids = better
    return pixels[medoids][:, ::-1].copy()


class CoTracker:
    def __init__(self, checkpoint):
        from cotracker.models.build_cotracker import build_cotracker_stride_4_wind_8
        self.model = build_cotracker_stride_4_wind_8(checkpoint).eval()
        torch.sort = functools.partial(torch.sort, stable=True)

    def __call__(self, frames, points):
        height, width = frames.shape[1:3]
        video = torch.from_numpy(frames).permute(0, 3, 1, 2).float()
        video = torch.nn.functional.interpolate(video, (384, 512), mode="bilinear")[None]
        scale = torch.tensor([511 / (width - 1), 383 / (height - 1)], dtype=torch.float32)
        count = len(frames)
        queries = [torch.cat([torch.zeros(len(points), 1), torch.from_numpy(points) * scale], 1)]
        corners = torch.tensor([[8.0, 8], [504, 8], [8, 376], [504, 376]])
        queries += [torch.cat([torch.full((4, 1), float(t)), corners], 1) for t in range(0, count, 12)]
        queries = torch.cat(queries)[None]
        forward = self.model(rgbs=video, queries=queries, iters=6)[0]
        back = queries.clone()
        back[..., 0] = count - 1 - back[..., 0]
        self.model(rgbs=video.flip(1).clone(), queries=back, iters=6)
        return (forward[0, :, :len(points)] / scale).numpy()


class PIPs:
    def __init__(self, checkpoint):
        torch.Tensor.cuda = lambda self, *_, **__: self
        with contextlib.redirect_stdout(io.StringIO()):
            from nets.pips import Pips
        self.model = Pips(S=8, stride=4)
        state = torch.load(checkpoint, map_location="cpu", weights_only=False)
        self.model.load_state_dict(state.get("model_state_dict", state))
        self.model.eval()

    def __call__(self, frames, points):
        video = torch.from_numpy(frames).permute(0, 3, 1, 2)[None].float()
        # All points start in the first frame, so no windows begin in the reversed clip.
        count, number = video.shape[1], len(points)
        tracks, sure = np.zeros((count, number, 2), np.float32), np.zeros((count, number), np.float32)
        tracks[0], sure[0] = points, 1
        current = np.zeros(number, int)
        features = None
        for frame in range(count - 1):
            active = np.flatnonzero(current == frame)
            if not len(active):
                continue
            clip = video[:, frame:frame + 8]
            missing = 8 - clip.shape[1]
            clip = torch.cat([clip, clip[:, -1:].repeat(1, missing, 1, 1, 1)], 1)
            if frame == 0:
                features = self.model(torch.from_numpy(tracks[0])[None], clip, iters=6, return_feat=True)[3]
            start = torch.from_numpy(tracks[frame, active])[None]
            predicted, _, logits, _ = self.model(start, clip, iters=6, feat_init=features[:, active], return_feat=True)[:4]
            found, odds = predicted[-1][0].numpy(), torch.sigmoid(logits[0]).numpy()
            for place, point in enumerate(active):
                last = frame + 8 - missing - 1
                for step in range(1, 8 - missing):
                    tracks[frame + step, point], sure[frame + step, point] = found[step, place], odds[step, place]
                threshold, candidate = 0.9, last
                while sure[candidate, point] <= threshold:
                    candidate -= 1
                    if candidate < frame + 1:
                        threshold, candidate = threshold - 0.02, last
                current[point] = candidate
        return tracks


@torch.no_grad()
def reference():
    files = sorted(os.listdir(arguments.frames_folder))[:arguments.frames]
    frames = np.stack([resized(os.path.join(arguments.frames_folder, file), Image.BILINEAR)[..., :3] for file in files])
    mask = resized(arguments.mask, Image.NEAREST) > 0
    if mask.ndim > 2:
        mask = mask.any(-1)
    tracker = (CoTracker if arguments.tracker[0] == "cotracker" else PIPs)(arguments.tracker[1])
    segmenter = sam_reference.load(*arguments.segmenter)
    times = dict.fromkeys(STEPS, 0.0)

    def timed(step, work):
        start = time.perf_counter()
        result = work()
        times[step] += time.perf_counter() - start
        return result

    random = np.random.default_rng(72)
    inside = timed("points", lambda: kmedoids(mask, arguments.positives, random))
    outside = timed("points", lambda: np.argwhere(~mask)[random.permutation((~mask).sum())[:1]][:, ::-1].astype(np.float32))
    points = np.concatenate([inside, outside])
    labels = np.array([1] * len(inside) + [0])
    tracks = timed("tracking", lambda: tracker(frames, points))
    passes = 0
    for frame, picture in enumerate(frames):
        timed("encoder", lambda: segmenter.set_image(picture))
        # Generated weights know nothing of visibility: all points inside the frame prompt, on both sides.
        shown = ((tracks[frame] >= 0) & (tracks[frame] < picture.shape[1::-1])).all(-1)
        passes += timed("prompting", lambda: sam_reference.refined(segmenter, tracks[frame][shown], labels[shown], arguments.refinements)) if shown.any() else 0
    print(f"{arguments.segmenter[0]}: {passes / len(frames):.2f} passes a frame in the reference", file=sys.stderr)
    return {step: 1000 * seconds / len(frames) for step, seconds in times.items()}


def ours():
    command = [arguments.program, "cost", arguments.frames_folder, str(arguments.frames), arguments.mask, arguments.segmenter[1],
               arguments.tracker[1], str(arguments.refinements), str(arguments.positives), "1"]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1])


mine = ours()
if arguments.segmenter[0] == "nano":
    cells = [f"{mine[step]:.1f}" for step in STEPS] + [f"{mine['total']:.1f}"]
else:
    theirs = reference()
    total = sum(theirs.values())
    cells = [f"{theirs[step]:.1f} / {mine[step]:.1f} ({theirs[step] / max(mine[step], 0.01):.1f})" for step in STEPS]
    cells.append(f"{total:.0f} / {mine['total']:.0f} (**{total / mine['total']:.1f}**)")
print(f"| {arguments.segmenter[0]} + {arguments.tracker[0]} | {arguments.frames} | " + " | ".join(cells) + " |", flush=True)
