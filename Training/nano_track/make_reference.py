"""make_reference.py [TRACKER [FILE]]: what the Swift tests compare the tracker with, in float32 by PyTorch on one thread: four frames with 20 points, 12 of
them on one object. The frames (a held-out clip as clips.py makes them), points and groups are those that FILE has already; of the head's maps the
last frame's are kept. The default files, and the encoder, are those of this repository."""

import os
import sys

import torch
from safetensors.torch import load_file, save_file

import model as M
from evaluate import load_tracker

HERE = os.path.dirname(os.path.abspath(__file__))
TRACKER = HERE + "/../../Sources/PointTrackers/Resources/nano-tracker.safetensors"
FILE = HERE + "/../../Tests/Data/nano-track.safetensors"


@torch.no_grad()
def main(tracker=TRACKER, path=FILE):
    torch.set_num_threads(1)
    given = {k: v for k, v in load_file(path).items() if k in ("pixels", "xy", "groups")}
    encoder, net = M.load_encoder(), load_tracker(tracker)
    x = (given["pixels"].permute(0, 3, 1, 2).float() - M.MEAN) / M.STD
    groups = (given["groups"][:, None] == given["groups"][None]).float()
    groups = groups / groups.sum(1, keepdim=True)
    maps = [net.head(*M.encode(encoder, frame[None])) for frame in x]
    state = net.start(*maps[0], given["xy"][None])
    out = {f"start_{k}": state[k][0] for k in ("q8", "q4", "h")}
    positions, confidences = [state["x"][0]], [torch.ones(len(given["xy"]))]
    for f4, f8 in maps[1:]:
        state, outcome = net.step(f4, f8, state, groups[None])
        positions.append(state["x"][0])
        confidences.append(outcome["pv"][0])
    out.update(f4=maps[-1][0], f8=maps[-1][1], x=torch.stack(positions), pv=torch.stack(confidences))
    out.update({f"end_{k}": state[k][0] for k in ("v", "h", "r8", "r4")})
    save_file({**given, **{k: v.float().contiguous().clone() for k, v in out.items()}}, path + ".part")
    os.chmod(path + ".part", 0o644)
    os.replace(path + ".part", path)
    print(path, "confidences", [round(v, 3) for v in torch.stack(confidences).mean(1).tolist()])


if __name__ == "__main__":
    main(*sys.argv[1:])
