"""Clips in which objects are followed as the program follows them: NanoTrack's points prompt, masks re-seed points and stand for the next frame's
first pass, the target model takes sure masks along. What the decoder is asked in a frame so has the faults that its own answers in earlier frames
brought about: points that have drifted onto other things, parts without points, masks that have lost a limb.

train_clicks.py --clips learns from these questions, --track from how points went on that were sampled on predicted masks. Constants are the program's defaults (VideoSegmenterOptions, NanoMemory)."""

import importlib
import os
import sys

import cv2
import numpy as np
import torch
from torch.nn import functional as F

from data import NN, NP, kmeans_points
from model import MEAN, STD, embed, solve_target, target_sums
from scenes import ring_of
from true_tracks import TrueTracks

HERE = os.path.dirname(os.path.abspath(__file__))
SLOTS = NP + NN  # of the marked frame; as many of the latest mask come behind them
HORIZON, PROMPT_CONFIDENCE = 8, 0.06
PREVIOUS_IOU, SEED_IOU, RECOVERED_IOU = 0.6, 0.7, 0.5
INTERVAL, NEWEST_SHARE, RECENT_SHARE = 4, 0.3, 0.3
SHAPES = [(384, 224, 0.5), (480, 288, 0.25), (576, 320, 0.25)]  # width, height, share of the clips


def of_tracker(name):
    """a module of nano_track/, some of which have names of ours"""
    names = ("data", "model")
    ours = {k: sys.modules.pop(k) for k in names if k in sys.modules}
    sys.path.insert(0, os.path.join(HERE, "../nano_track"))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.pop(0)
        for k in names:
            sys.modules.pop(k, None)
        sys.modules.update(ours)


clips = of_tracker("clips")  # by this name its sheets come from the worker


class Clips(torch.utils.data.Dataset):
    """clips of some objects: frames T,H,W,3 and masks T,K,H/2,W/2, both uint8, and TrueTracks; the same number always gives the same clip"""

    def __init__(self, seed, objects, frames=16):
        self.seed, self.objects, self.frames, self.scenes = seed, objects, frames, None

    def __len__(self):
        return 10**9

    def __getitem__(self, number):
        if self.scenes is None:  # in the worker, not in the trainer
            self.scenes = clips.Scenes(T=self.frames, npts=8, things=0.5, made=0.04)
        attempt = 0
        while True:
            rng = np.random.default_rng((self.seed, number, attempt, 5))
            w, h, _ = SHAPES[rng.choice(len(SHAPES), p=[s[2] for s in SHAPES])]
            self.scenes.W, self.scenes.H = w, h
            clip = self.scenes.make(rng)
            found = followed(clip["groups"])
            things = [k for k in found if not is_bar(clip["groups"][0] == k)]
            if found:
                break
            attempt += 1
        found = things or found
        chosen = [found[i] for i in rng.permutation(len(found))]
        chosen = [chosen[i % len(chosen)] for i in range(self.objects)]
        masks = [[cv2.resize((g == k) * np.uint8(255), (w // 2, h // 2), interpolation=cv2.INTER_AREA) for k in chosen] for g in clip["groups"]]
        frames, masks = clip["frames"], np.array(masks)
        reverse = rng.random() < 0.5 and masks[-1].mean((1, 2)).min() > 1.5
        if reverse:
            frames, masks = frames[::-1].copy(), masks[::-1].copy()
        return frames, masks, TrueTracks(clip["sheets"], clip["parts"], reverse)


def followed(groups):
    """numbers of the objects that can be marked in the first frame and are seen in most"""
    shares = [(k, (groups == k).mean((1, 2))) for k in range(1, int(groups.max()) + 1)]
    return [k for k, s in shares if 0.006 < s[0] < 0.35 and (s > 0.002).mean() > 0.6]


def is_bar(mask):
    """poles and stripes are there to hide what is behind them"""
    (_, (a, b), _) = cv2.minAreaRect(np.argwhere(mask).astype(np.float32))
    return max(a, b) > 5 * min(a, b)


def spread(mask, rng):
    """16 points on a mask (bool, at half the input's resolution) and 8 around it, in input pixels; none on an empty one"""
    m8 = mask.astype(np.uint8)
    core = cv2.erode(m8, np.ones((3, 3), np.uint8), borderValue=0)
    ring = ring_of(m8, 0.35, 3)
    out = []
    for area, n in ((core if core.sum() > 10 else m8, NP), (ring if ring.sum() > 13 else m8 == 0, NN)):
        ys, xs = np.nonzero(area)
        out.append(2 * kmeans_points(np.stack([xs, ys], 1), n, rng) + 1 if len(xs) else np.zeros((0, 2), np.float32))
    return out


def of_same_kind(label):
    """K,N of 1, 0 and -1: K,N,N, rows that average over the points with the same label"""
    same = (label[:, :, None] == label[:, None]).float() * (label >= 0)[:, None]
    return same / same.sum(2, keepdim=True).clamp(min=1)


def without_specks(mask):
    n, lab, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    return mask if n <= 2 else np.isin(lab, 1 + np.flatnonzero(stats[1:, 4] >= 0.05 * stats[1:, 4].max()))


class FollowedObject:
    """what is known of one object from frame to frame"""

    def __init__(self, mask):
        self.first = self.recent = float(mask.sum())
        self.since, self.passed_over = 0, 0
        self.previous = None
        self.marked = self.later = None


class Rollout:
    """net: a Nano; tracker: NanoTrack's Tracker, whose head reads net's encoder"""

    def __init__(self, net, tracker, autocast):
        self.net, self.tracker, self.autocast = net, tracker, autocast

    def seed(self, k, mask, t, first, rng):
        """new points of object k on a mask, in the slots of the marked frame or in those of later ones"""
        pos, neg = spread(mask, rng)
        lo = 0 if first else SLOTS
        self.label[k, lo : lo + SLOTS] = -1
        self.part[k, lo : lo + SLOTS] = -1
        if len(pos) == 0:
            return
        xy = torch.from_numpy(np.concatenate([pos, neg]).astype(np.float32))[None]
        n = xy.shape[1]
        for name, rows in self.tracker.start(self.f4[t][None], self.f8[t][None], xy).items():
            self.state[name][k, lo : lo + n] = rows[0]
        self.label[k, lo : lo + n] = torch.cat([torch.ones(len(pos)), torch.zeros(len(neg))])
        self.part[k, lo : lo + n], self.place[k, lo : lo + n] = self.truth.anchors(xy[0].numpy(), t)

    def track(self, t):
        """one step of all objects' points; confidences"""
        a = of_same_kind(self.label)
        k = len(self.label)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.autocast):
            self.state, o = self.tracker.step(self.f4[t].expand(k, -1, -1, -1), self.f8[t].expand(k, -1, -1, -1), self.state, a)
        return o["pv"].float()

    def prompts(self, pv, size, rng):
        """K,24,3: at most 16 positive and 8 negative points, of those that are visible; unused slots -1"""
        xy = self.state["x"]
        seen = (pv > PROMPT_CONFIDENCE) & (xy > 0).all(2) & (xy < size).all(2)
        out = torch.zeros(len(xy), SLOTS, 3)
        out[..., 2] = -1
        for k in range(len(xy)):
            for lo, label, limit in ((0, 1, NP), (NP, 0, NN)):
                at = torch.nonzero(seen[k] & (self.label[k] == label))[:, 0].numpy()
                at = np.sort(rng.permutation(at)[:limit])
                out[k, lo : lo + len(at), :2] = xy[k, at]
                out[k, lo : lo + len(at), 2] = label
        return out

    @torch.no_grad()
    def __call__(self, frames, masks, truth, rng):
        """Follows all objects through a clip (frames T,H,W,3; masks T,K,H/2,W/2 in 0..255; TrueTracks) from their first masks on.
        Returns points, previous logits, whether there are any, ref and target, each T-1,K,...: the last question of each frame; and Tracks."""
        T, K = masks.shape[:2]
        x = ((torch.from_numpy(frames).permute(0, 3, 1, 2).float() - MEAN) / STD).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.autocast):
            *fe, _, c4 = self.net.enc.pyramid(x)
            self.f4, self.f8 = self.tracker.head(c4, fe[0], fe[1], fe[3])
        tracks = Tracks([v.bfloat16() for v in (c4, fe[0], fe[1], fe[3])], truth)
        self.truth, self.part, self.place = truth, np.full((K, 2 * SLOTS), -1), np.zeros((K, 2 * SLOTS, 2))
        h, w = frames.shape[1:3]
        size = torch.tensor([w, h], dtype=torch.float32)
        self.label = torch.full((K, 2 * SLOTS), -1.0)
        self.state = self.tracker.start(self.f4[0].expand(K, -1, -1, -1), self.f8[0].expand(K, -1, -1, -1), torch.zeros(K, 2 * SLOTS, 2))
        self.state = {k: v.clone() for k, v in self.state.items()}
        objects = []
        ref, target = torch.zeros(K, SLOTS, 65), torch.zeros(K, 66)
        for k in range(K):
            objects.append(FollowedObject(masks[0, k] > 127))
            self.seed(k, masks[0, k] > 127, 0, True, rng)
            objects[k].marked = target_sums(fe[1][:1], F.avg_pool2d(torch.from_numpy(masks[0, k])[None, None].float() / 255, 4))
            target[k] = solve_target(objects[k].marked)[0]
        ref[..., :64] = embed(fe[3][:1].expand(K, -1, -1, -1), self.state["x"][:, :SLOTS])
        ref[..., 64] = self.label[:, :SLOTS]
        asked = []
        for t in range(1, T):
            tracks.add(self.state, self.label, self.part, self.place)
            pv = self.track(t)
            points = self.prompts(pv, size, rng)
            prev, has = torch.zeros(K, 1, h // 4, w // 4), torch.zeros(K)
            for k, o in enumerate(objects):
                if o.previous is not None:
                    prev[k], has[k] = o.previous, 1
            lost = ~(points[..., 2] > 0.5).any(1)
            has[lost] = 0
            prev[lost] = 0
            fk = [v[t : t + 1].expand(K, -1, -1, -1) for v in fe]
            with torch.autocast("cpu", torch.bfloat16, enabled=self.autocast):
                again = torch.nonzero((has == 0) & ~lost)[:, 0]
                if len(again):
                    first = points[again].clone()
                    first[:, NP:, 2] = -1
                    prev[again] = self.net.dec(
                        *[v[again] for v in fk], first, prev[again], has[again], ref[again], target[again])[0]
                    has[again] = 1
                logits, judged = self.net.dec(*fk, points, prev, has, ref, target)
            asked.append((points, prev, has, ref.clone(), target.clone()))
            self.conclude(t, objects, logits, judged, lost, fe[1], target, rng)
        return [torch.stack(v) for v in zip(*asked)], tracks

    def conclude(self, t, objects, logits, judged, lost, p8, target, rng):
        """takes or leaves the answers; new points and new target models where masks are sure"""
        fine = F.interpolate(logits, scale_factor=2, mode="bilinear", align_corners=False)[:, 0].numpy() > 0
        for k, o in enumerate(objects):
            o.previous = None
            o.since += 1
            mask, iou = without_specks(fine[k]), float(judged[k])
            area = float(mask.sum())
            if lost[k] and (iou < RECOVERED_IOU or not 0.3 * o.recent < area < 3 * o.recent):
                continue
            if not (area > 4 and 0.4 * o.recent < area < 2.5 * o.recent and 0.1 * o.first < area < 10 * o.first):
                continue
            o.previous = logits[k] if iou >= PREVIOUS_IOU else None
            o.recent = 0.7 * o.recent + 0.3 * area
            if iou < SEED_IOU:
                continue
            o.passed_over += 1
            if o.passed_over >= INTERVAL:
                seen = target_sums(p8[t : t + 1], F.avg_pool2d(torch.from_numpy(mask)[None, None].float(), 4))
                o.later = seen if o.later is None else [a + NEWEST_SHARE * (b - a) for a, b in zip(o.later, seen)]
                o.passed_over = 0
                target[k] = solve_target([a + RECENT_SHARE * (b - a) for a, b in zip(o.marked, o.later)])[0]
            if o.since >= HORIZON:
                self.seed(k, mask, t, False, rng)
                o.since = 0


class Tracks:
    """Points of a clip that were followed from frame to frame, and where they truly went. maps: what the tracker's head reads, of all frames"""

    def __init__(self, maps, truth):
        self.maps, self.truth, self.frames = maps, truth, []

    def add(self, state, label, part, place):
        """the points of the next frame, at the frame's end"""
        self.frames.append(({k: v.clone() for k, v in state.items()}, label.clone(), part.copy(), place.copy()))

    def part_of(self, t, length):
        """From frame t on: maps of the `length` frames behind it, state, labels, which points have a truth (K,N), and for each of these
        frames where they are (length,K,N,2) and whether they are seen (length,K,N)."""
        state, label, part, place = self.frames[t]
        known = part >= 0
        xy, seen = np.zeros((length, *part.shape, 2), np.float32), np.zeros((length, *part.shape), np.float32)
        for i in range(length):
            xy[i, known], seen[i, known] = self.truth.positions(part[known], place[known], t + 1 + i)
        maps = [v[t + 1 : t + 1 + length] for v in self.maps]
        return maps, state, label, *[torch.from_numpy(v) for v in (known.astype(np.float32), xy, seen)]


def tracker_with(weights, head=None):
    """NanoTrack's Tracker of a weights file, which stays as it is, with another head if one is given"""
    tracker = of_tracker("model").Tracker()
    tracker.load_state_dict(weights)
    tracker.requires_grad_(False).eval()
    tracker.head = head or tracker.head
    return tracker


class Followed:
    """Questions of the latest clips (Rollout), by the size of their frames: every draw is of different clips, for what is asked in one clip is much the
    same in all of its frames."""

    def __init__(self, clips, rollout, seed, kept=16):
        self.clips, self.rollout, self.seed, self.kept, self.made, self.by_size = clips, rollout, seed, kept, 0, {}

    def renew(self):
        """takes the next clip in"""
        frames, masks, truth = next(self.clips)
        questions, tracks = self.rollout(frames, masks, truth, np.random.default_rng((self.seed, self.made, 6)))
        of_size = self.by_size.setdefault(frames.shape[1:3], [])
        of_size.append((torch.from_numpy(frames), torch.from_numpy(masks), questions, tracks))
        del of_size[: -self.kept]
        self.made += 1

    def of_one_size(self, n, rng):
        """n different clips of one size"""
        while not any(len(v) >= 2 * n for v in self.by_size.values()):
            self.renew()
        full = [v for v in self.by_size.values() if len(v) >= n]
        of_size = full[rng.choice(len(full), p=np.array([len(v) for v in full]) / sum(len(v) for v in full))]
        return [of_size[i] for i in rng.choice(len(of_size), n, replace=False)]

    def draw(self, n, rng):
        """a frame of n clips each: frames n,H,W,3, masks n,K,H/2,W/2 (both uint8), and the questions, n,K,... each"""
        out = []
        for frames, masks, questions, _ in self.of_one_size(n, rng):
            t = int(rng.integers(1, len(frames)))
            out.append((frames[t], masks[t], *[v[t - 1] for v in questions]))
        frames, masks, *questions = [torch.stack(v) for v in zip(*out)]
        return frames, masks, questions

    def draw_tracks(self, n, length, rng):
        """a stretch of n clips each (Tracks.part_of)"""
        return [tracks.part_of(int(rng.integers(len(frames) - length)), length) for frames, _, _, tracks in self.of_one_size(n, rng)]


if __name__ == "__main__":  # rollouts.py PICTURE: J by frame with the weights that ship, and a picture of what was asked
    from model import Nano, load_weights, widen

    torch.set_num_threads(2)
    net = Nano().fuse()
    net.load_state_dict(widen(load_weights(HERE + "/../../Sources/Segmenters/Resources/nano.safetensors")))
    weights = load_weights(HERE + "/../../Sources/PointTrackers/Resources/nano-tracker.safetensors")
    rollout, rows, scores = Rollout(net.eval(), tracker_with(weights), True), [], []
    for number in range(12):
        frames, masks, truth = Clips(77, 3)[number]
        (points, prev, has, _, _), _ = rollout(frames, masks, truth, np.random.default_rng(number))
        gt = F.avg_pool2d(torch.from_numpy(masks[1:]).float() / 255, 2)
        row = [frames[0]]
        for t in (1, 5, 9, 13):
            v = frames[t + 1].copy()
            m = cv2.resize((prev[t, 0, 0].numpy() > 0) * has[t, 0].numpy(), v.shape[1::-1]) > 0.5
            v[m] = v[m] // 2 + np.array([127, 0, 0], np.uint8)
            for x, y, l in points[t, 0].tolist():
                if l >= 0:
                    cv2.circle(v, (int(x), int(y)), 3, (0, 255, 0) if l else (0, 0, 255), -1)
            row.append(v)
        rows.append(np.concatenate([cv2.resize(v, (384, 224)) for v in row], 1))
        inside = (prev[1:, :, 0] > 0) & (has[1:, :, None, None] > 0)
        true = gt[1:] > 0.5
        scores.append(((inside & true).sum((2, 3)) / (inside | true).sum((2, 3)).clamp(min=1)).mean(1).numpy())
    print("overlap of previous masks with the truth, by frame", np.round(np.mean(scores, 0), 3))
    cv2.imwrite(sys.argv[1], np.concatenate(rows)[..., ::-1])
