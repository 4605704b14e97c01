"""TAP-Vid's measures of a checkpoint on a folder that `sampt evaluate synthesize` wrote (mode first, every point on its own).

    NANO_DATA_CACHE=cache python points_folder.py CHECKPOINT FOLDER [--longest 640 --thresholds 0.5]
"""

import argparse
import json

import cv2
import numpy as np
import torch

from evaluate import FrameEncoder, Learned, load_tracker


def tracks_of(video):
    """places T x N x 2 (NaN where unknown), visible T x N"""
    visible = np.array([[x is not None and len(x) == 2 for x in t] for t in video["tracks"]]).T
    places = np.array([[[np.nan] * 2 if x is None else x[:2] for x in t] for t in video["tracks"]], float).transpose(1, 0, 2)
    return places, visible


def follow(net, encoder, video, folder, visible, places):
    """(places, certainty of being visible) of the tracker, from every point's first visible frame on"""
    T, N = visible.shape
    first = np.where(visible.any(0), visible.argmax(0), T)
    out, sure = np.zeros((T, N, 2)), np.zeros((T, N))
    order, tracker = [], Learned(net, encoder)
    for t in range(T):
        tracker.frame(cv2.imread(f"{folder}/{video['video']}/{t:05d}.png"))
        if order:
            out[t, order], sure[t, order] = tracker.xy, tracker.pv
        new = np.flatnonzero(first == t)
        if len(new):
            tracker.add(places[t, new], len(order) + np.arange(len(new)))
            order += list(new)
    return out, sure, first


def scores(found, said, places, visible, counted, scale):
    """AJ, <avg, OA, Jaccards, shares within 1 ... 16 pixels of a picture of 256 pixels"""
    e = np.linalg.norm((found - places) * scale, axis=2)
    jaccards, shares = [], []
    v, s = visible & counted, said & counted
    for d in (1, 2, 4, 8, 16):
        near = e < d
        hit = (v & s & near).sum()
        jaccards.append(hit / (v.sum() + (s & ~(v & near)).sum()))
        shares.append((v & near).sum() / v.sum())
    return [np.mean(jaccards), np.mean(shares), (said == visible)[counted].mean(), *jaccards, *shares]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("checkpoint")
    p.add_argument("folder")
    p.add_argument("--longest", type=int, default=640)
    p.add_argument("--thresholds", default="0.5")
    p.add_argument("--threads", type=int, default=1)
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    net, encoders, rows = load_tracker(a.checkpoint), {}, {}
    for video in json.load(open(a.folder + "/tracks.json"))["videos"]:
        places, visible = tracks_of(video)
        h, w = cv2.imread(f"{a.folder}/{video['video']}/00000.png").shape[:2]
        if (h, w) not in encoders:
            encoders[h, w] = FrameEncoder(h, w, a.longest, threads=a.threads)
        found, sure, first = follow(net, encoders[h, w], video, a.folder, visible, places)
        counted = np.arange(len(places))[:, None] > first
        inside = ((found > 0) & (found < [w, h])).all(2)
        for threshold in a.thresholds.split(","):
            said = (sure > float(threshold)) & inside
            rows.setdefault(threshold, []).append(scores(found, said, places, visible, counted, np.array([256 / w, 256 / h])))
    print("threshold    AJ  <avg    OA    J1    J2    J4    J8   J16    <1    <2    <4    <8   <16")
    for threshold, r in rows.items():
        print(f"{threshold:>9s} " + " ".join(f"{100 * v:5.1f}" for v in np.mean(r, 0)))


if __name__ == "__main__":
    main()
