"""calibrate.py [SEGMENTER TRACKER]: writes into the weights files what the eight-bit form of the networks needs.

For each convolution that is multiplied in eight bits its file gets NAME.input_range, 2 x channels: the least and the largest value that each channel
of its input takes, averaged over pictures. Training pictures only (NANO_DATA, NANO_CACHE as for training). Left as they are: depthwise convolutions,
which engines do not speed up so, and small ones where precision counts (embeddings, attention, prompt maps, logits).
Run it after every change of weights; the default files are those that ship.
"""

import os
import re
import sys

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE + "/nano_prompt")
from export import load
from free_scenes import FreeScenes
from model import MEAN, STD, embed, load_weights, target_of

sys.path.insert(0, HERE + "/nano_track")
import importlib.util

spec = importlib.util.spec_from_file_location("track_model", HERE + "/nano_track/model.py")
track = importlib.util.module_from_spec(spec)
spec.loader.exec_module(track)

SEGMENTER = HERE + "/../Sources/Segmenters/Resources/nano.safetensors"
TRACKER = HERE + "/../Sources/PointTrackers/Resources/nano-tracker.safetensors"
SEGMENTER_LAYERS = (
    r"enc\.body\.(stem|blocks\.\d+\.(expand|project))\.conv|enc\.(l32|l16|o16|d8|l8|o8|l4|s4|d4|o4)\.conv"
    r"|dec\.(down|up8|up4)\.conv|dec\.r\w+\.[ab]\.conv"
)
TRACKER_LAYERS = r"head\.(a4|b4|d8|b8|c8)"
BATCHES = 50


class Extremes:
    """means of the extremes of each channel of what convolutions read"""

    def __init__(self, net, pattern):
        self.sums, self.counts = {}, {}
        for name, module in net.named_modules():
            if re.fullmatch(pattern, name):
                module.register_forward_pre_hook(lambda _, inputs, name=name: self.see(name, inputs[0]))

    def see(self, name, x):
        for one in x.detach().float().flatten(2):
            extremes = torch.stack([one.amin(1), one.amax(1)])
            self.sums[name] = self.sums.get(name, 0) + extremes
            self.counts[name] = self.counts.get(name, 0) + 1

    def ranges(self):
        return {f"{name}.input_range": (total / self.counts[name]).float().contiguous() for name, total in self.sums.items()}


def rewrite(path, ranges):
    kept = {k: v for k, v in load_file(path).items() if not k.endswith(".input_range")}  # as stored
    missing = [k for k in ranges if k.replace("input_range", "weight") not in kept]
    assert not missing, missing
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    save_file({**kept, **ranges}, path + ".part", metadata=metadata)
    os.chmod(path + ".part", os.stat(path).st_mode)  # save_file lets nobody else read it
    os.replace(path + ".part", path)
    print(f"{path}: {len(ranges)} of {len(kept)} tensors' layers", flush=True)


def encoded(net, scenes):
    """c4, p4, p8, p16, e of pictures, and what is asked of them"""
    for i in range(BATCHES):
        batch = [torch.from_numpy(v) for v in scenes.batch(np.random.default_rng((5, i)), 640, 384, 2, 3)]
        x = (batch[0].permute(0, 3, 1, 2).float() - MEAN) / STD
        yield track.encode(net.enc, x, full=True), batch


def main():
    segmenter, tracker = sys.argv[1:3] if len(sys.argv) > 2 else (SEGMENTER, TRACKER)
    net = load(segmenter)
    head = torch.nn.ModuleDict(dict(head=track.Head()))
    head.load_state_dict({k: v for k, v in load_weights(tracker).items() if k.startswith("head.")})
    head.eval()
    seen, seen_head = Extremes(net, SEGMENTER_LAYERS), Extremes(head, TRACKER_LAYERS)
    torch.manual_seed(0)
    with torch.no_grad():
        for maps, batch in encoded(net, FreeScenes()):
            _, gt, pts, rp, seen_as = batch
            k = gt.shape[1]
            f = [v.repeat_interleave(k, 0) for v in maps[1:]]
            pts, rp = pts.flatten(0, 1), rp.flatten(0, 1)
            other = torch.arange(2) ^ 1
            ref = torch.cat([embed(maps[4][other].repeat_interleave(k, 0), rp), rp[..., 2:]], 2)
            seen_as = seen_as.flatten(0, 1)[:, None].float() / 255
            target = target_of(maps[2][other].repeat_interleave(k, 0), seen_as) * (seen_as.flatten(1).amax(1) > 0.5)[:, None]
            logits, _ = net.dec(*f, pts, torch.zeros(len(pts), 1, *f[0].shape[2:]), torch.zeros(len(pts)), ref, target)
            net.dec(*f, pts, logits, torch.ones(len(pts)), ref, target)
        segmenter_ranges = seen.ranges()
        # Ranges of pictures that one thing fills cost the tracker 0.3 of average Jaccard.
        for maps, _ in encoded(net, FreeScenes(whole=0.0)):
            head["head"](maps[0], maps[1], maps[2], maps[4])
    rewrite(segmenter, segmenter_ranges)
    rewrite(tracker, seen_head.ranges())


if __name__ == "__main__":
    main()
