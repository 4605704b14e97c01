"""perfect_points.py [CLIPS]: what a perfect tracker would give to the masks of clips that are followed as in use (rollouts.py), with the weights that
ship: J with what NanoTrack tells of its points, and with the truth in place of where they are, of whether they are seen, and of both. And how well
NanoTrack follows points in stretches of these clips, as train_clicks.py --track measures it."""

import sys

import numpy as np
import torch
from torch.nn import functional as F

from click_losses import track_loss
from model import Nano, load_weights, widen
from rollouts import Clips, Rollout, tracker_with
from train_clicks import STRETCH, TRACKER, WEIGHTS


class Told(Rollout):
    """a rollout that is told the truth about its points"""

    def __init__(self, net, tracker, places, visibility):
        super().__init__(net, tracker, True)
        self.places, self.visibility = places, visibility

    def track(self, t):
        confidences = super().track(t)
        known = self.part >= 0
        xy, seen = self.truth.positions(self.part[known], self.place[known], t)
        known = torch.from_numpy(known)
        if self.places:
            self.state["x"] = self.state["x"].clone()
            self.state["x"][known] = torch.from_numpy(xy)
        if self.visibility:
            confidences = torch.zeros_like(confidences)
            confidences[known] = torch.from_numpy(seen).float()
        return confidences

    def conclude(self, t, objects, logits, *others):
        self.masks.append(logits[:, 0] > 0)
        super().conclude(t, objects, logits, *others)

    def scores(self, frames, masks, truth, seed):
        """J by frame, and the Tracks"""
        self.masks = []
        _, tracks = self(frames, masks, truth, np.random.default_rng(seed))
        found, true = torch.stack(self.masks), F.avg_pool2d(torch.from_numpy(masks[1:]).float() / 255, 2) > 0.5
        both, either = (found & true).sum((2, 3)), (found | true).sum((2, 3))
        return torch.where(either > 0, both / either.clamp(min=1), torch.ones(())).mean(1).numpy(), tracks


def main(count):
    net = Nano().fuse()
    net.load_state_dict(widen(load_weights(WEIGHTS)))
    tracker, clips = tracker_with(load_weights(TRACKER)), Clips(991, 3)
    kinds = {
        "NanoTrack's": (False, False), "true places": (True, False), "true visibility": (False, True), "both true": (True, True),
    }
    scores, followed = {kind: [] for kind in kinds}, {}
    for number in range(count):
        clip = clips[number]
        for kind, told in kinds.items():
            j, tracks = Told(net.eval(), tracker, *told).scores(*clip, number)
            scores[kind].append(j)
            if kind != "NanoTrack's":
                continue
            for start in (0, 4, 8):
                with torch.no_grad():
                    _, numbers = track_loss(tracker, [tracks.part_of(start, STRETCH)], True)
                for k, v in numbers.items():
                    followed.setdefault(k, []).append(float(torch.as_tensor(v).mean()))
    for kind, j in scores.items():
        print(f"{kind:16} J {np.mean(j):.3f}, last four frames {np.mean([v[-4:] for v in j]):.3f}")
    print({k: round(float(np.nanmean(v)), 4) for k, v in followed.items()})


if __name__ == "__main__":
    torch.set_num_threads(2)
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 32)
