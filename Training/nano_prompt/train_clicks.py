"""train_clicks.py STATE: trains the decoder for marking by clicks, from the shipped weights, with the encoder as it is; with --encoder RATE the encoder
learns too, but for its stem and first three blocks. The tracker belongs to the encoder: its head then learns beside it to say of every picture
what the shipped head says of it on the shipped encoder's maps (Follower), so that the tracker's step stays as it is.

The decoder gets two channels more: how large the marked thing is, and whether that is told. Few clicks are ambiguous; a told extent says which thing
is meant, so a ladder of extents gives candidate masks for one click (heldout_clicks.py judges them). Beside it learns a refinement of outlines at
half the input's resolution (Fine), without changing the decoder.

Made for a busy machine: it runs in slices. STATE keeps everything (weights, moving average, optimiser, step), is written every ten minutes and on
SIGTERM, and the same command goes on from there. The rate stays constant; `--anneal N` makes a finished model out of the latest state in N further
steps, leaving the state as it is: annealed-STEP.pt is all of it, annealed-STEP.safetensors has the shipped form (no extents, no refinement), so it
can take the place of nano.safetensors as it is, and annealed-STEP-extras.safetensors has the rest (20 KB); with --encoder
annealed-STEP-tracker.safetensors is the tracker that belongs to it. A new state begins with the shipped
weights and with the rest in clicks-extras.safetensors beside this file, so training goes on where a finished model stands.
    chrt -i 0 python train_clicks.py STATE
    chrt -i 0 python train_clicks.py STATE --encoder 2e-4
    chrt -i 0 python train_clicks.py STATE --encoder 2e-4 --clips     # from clips, too, followed as in use (rollouts.py)
    chrt -i 0 python train_clicks.py STATE --encoder 2e-4 --clips --track 5e-4     # the tracker, too, in the same loop
    chrt -i 0 python train_clicks.py STATE --anneal 150
    chrt -i 0 python train_clicks.py STATE --fresh --rate 1.5e-3 --encoder 1.5e-3 --body 2e-4     # from EfficientNet's weights on
"""

import argparse
import copy
import importlib.util
import os
import signal
import time

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from click_losses import clip_loss, step_loss, track_loss
from free_scenes import SOURCES, FreeScenes
from model import Nano, load_weights, widen
from rollouts import Clips, Followed, Rollout, tracker_with
from scenes import shape_of
from together import Together

RENEWED = 3  # steps with clips for each new clip
STRETCH = 6  # frames that the tracker learns from at a time
HERE = os.path.dirname(os.path.abspath(__file__))
WEIGHTS = os.path.join(HERE, "../../Sources/Segmenters/Resources/nano.safetensors")
TRACKER = os.path.join(HERE, "../../Sources/PointTrackers/Resources/nano-tracker.safetensors")
EXTRAS = os.path.join(HERE, "clicks-extras.safetensors")


class Batches(torch.utils.data.Dataset):
    """the batch of each step; the same step always gives the same batch"""

    def __init__(self, seed, rank, targets, sources, small, coco):
        self.seed, self.rank, self.targets, self.sources = seed, rank, targets, sources
        self.small, self.coco, self.scenes = small, coco, None

    def __len__(self):
        return 10**9

    def __getitem__(self, step):
        if self.scenes is None:  # in the worker, not in the trainer
            self.scenes = FreeScenes(sources=self.sources, coco_share=self.coco)
        w, h, b = shape_of(step, self.seed)
        if self.small:
            w, h = (32 * round(v * 0.68 / 32) for v in (w, h))
        return self.scenes.batch(np.random.default_rng((self.seed, step, self.rank) if self.rank else (self.seed, step)), w, h, b - b % 2, self.targets, stride=2)


def network_of(path, path_of_extras):
    """the shipped weights with what they have not: the extents' channels and the refinement, at 0 and without effect where there are none yet"""
    net = Nano(extents=True, fine=True)
    net.fuse()
    sd = widen(load_weights(path), net.dec.in8.conv.weight.shape[1])
    extras = load_weights(path_of_extras) if os.path.exists(path_of_extras) else {}
    if "extents" in extras:
        sd["dec.in8.conv.weight"][:, net.dec.NPROMPT :] = extras.pop("extents")
    net.load_state_dict({**sd, **{"fine." + k: v for k, v in net.fine.state_dict().items()}, **extras})
    return net


def batch_norms(net):
    return [m for m in net.modules() if isinstance(m, torch.nn.BatchNorm2d)]


class Follower(torch.nn.Module):
    """The tracker's head on an encoder that changes: it learns to give what it gave on the encoder as it was."""

    def __init__(self, encoder, path):
        super().__init__()
        spec = importlib.util.spec_from_file_location("track_model", HERE + "/../nano_track/model.py")
        track = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(track)
        self.head = track.Head()
        self.head.load_state_dict({k[5:]: v for k, v in load_weights(path).items() if k.startswith("head.")})
        self.head.eval()  # the statistics that it centres with stay
        self.before = [copy.deepcopy(m).requires_grad_(False) for m in (encoder, self.head)]  # in a list: no part of the state

    def forward(self, x, c4, maps):
        """1 - cosine of the embeddings with and without the encoder's changes, at both strides"""
        encoder, head = self.before
        with torch.no_grad():
            p4, p8, _, e, _, _ = encoder.pyramid(x)
            wanted = head(c4, p4, p8, e)
        p4, p8, _, e = maps
        return sum((1 - (a * b).sum(1)).mean() for a, b in zip(self.head(c4, p4, p8, e), wanted))


def save(path, state):
    torch.save(state, path + ".part")
    os.replace(path + ".part", path)


def main():
    a = argparse.ArgumentParser()
    a.add_argument("state", help="folder of the state; made if it is not there")
    a.add_argument("--init", default=WEIGHTS, help="weights that a new state begins with")
    a.add_argument("--extras", default=EXTRAS, help="what belongs to them and the program does not have")
    a.add_argument("--tracker", default=TRACKER, help="the tracker that belongs to them")
    a.add_argument("--fresh", action="store_true", help="begin with EfficientNet-Lite0's ImageNet weights and nothing else; no tracker follows")
    a.add_argument("--seed", type=int, default=11)
    a.add_argument("--targets", type=int, default=3)
    a.add_argument("--sources", nargs="*", default=SOURCES, choices=SOURCES, help="of the pictures beside the free photographs and cut-outs")
    a.add_argument("--coco", type=float, default=0.2, help="share of COCO among whole things")
    a.add_argument("--rate", type=float, default=3e-4)
    a.add_argument("--encoder", type=float, default=0, help="rate of the encoder's pyramid and the tracker's head, of its body 0.4 of that; 0: they stay")
    a.add_argument("--small", action="store_true", help="views of two thirds of the width and height, for a beginning: half as long a step")
    a.add_argument("--body", type=float, help="rate of the encoder's body; default: 0.4 of --encoder")
    a.add_argument("--warm", type=int, default=50)
    a.add_argument("--ema", type=float, default=0.998)
    a.add_argument("--threads", type=int, default=1, help="besides one process that makes the batches")
    a.add_argument("--processes", type=int, default=1, help="that share the work; a step has this many times 4 pictures")
    a.add_argument("--minutes", type=float, default=1e9, help="stop after this time")
    a.add_argument("--steps", type=int, default=10**9, help="stop after this step")
    a.add_argument("--anneal", type=int, default=0)
    a.add_argument("--clips", action="store_true", help="learn from clips in which objects are followed as in use, too")
    a.add_argument("--clips-every", type=int, default=1, metavar="N", help="with --clips: only in one of N steps, for a smaller share of what is learned")
    a.add_argument("--track", type=float, default=0, help="with --clips and --encoder: rate of the tracker's step, which learns from the clips with the head; 0: it stays")
    a.add_argument("--float32", action="store_true", help="do not train in bfloat16 (processors without AVX512-BF16 or AMX)")
    a = a.parse_args()
    if a.clips_every < 1 or not a.clips and (a.clips_every > 1 or a.track):
        raise SystemExit("--track and --clips-every N (1 and more) go with --clips")
    os.makedirs(a.state, exist_ok=True)
    last = os.path.join(a.state, "last.pt")
    if a.fresh and (a.clips or not a.encoder):
        raise SystemExit("--fresh trains encoder and decoder on pictures: give --encoder RATE, and no --clips")
    together = Together(a.processes)
    rank = together.rank
    torch.set_num_threads(a.threads)
    torch.manual_seed(a.seed)
    net = Nano(pretrained=True, extents=True, fine=True) if a.fresh else network_of(a.init, a.extras)
    net = net.to(memory_format=torch.channels_last).train()
    net.enc.requires_grad_(False)
    trained = torch.nn.ModuleDict(dict(dec=net.dec, fine=net.fine))
    opt = torch.optim.AdamW(trained.parameters(), lr=a.rate, betas=(0.9, 0.99), weight_decay=0.01)
    rates, follower = [a.rate], None
    if a.encoder:
        trained["enc"] = net.enc
        if not a.fresh:
            follower = trained["follower"] = Follower(net.enc, a.tracker)
        body = [*net.enc.body.blocks[3:].parameters()]
        rest = [p for n, p in net.enc.named_parameters() if not n.startswith("body.")] + ([*follower.parameters()] if follower else [])
        rates += [0.4 * a.encoder if a.body is None else a.body, a.encoder]
        net.enc.requires_grad_(True)
        net.enc.body.stem.requires_grad_(False)
        net.enc.body.blocks[:3].requires_grad_(False)
    tracker, steps_of_tracker = tracker_with(load_weights(a.tracker), follower and follower.head), []
    if a.track:
        trained["tracker"] = tracker
        steps_of_tracker += [p for n, p in tracker.named_parameters() if not n.startswith("head.")]
        for p in steps_of_tracker:
            p.requires_grad_(True)
        rates.append(a.track)
    step, seconds, finished = 0, 0.0, False
    state = torch.load(last) if os.path.exists(last) else None
    goes_on = state is not None and any(k.startswith("enc.") for k in state["net"])  # the encoder had been learning already
    if state and goes_on and not a.encoder:
        raise SystemExit("this state's encoder has been learning: give --encoder RATE")
    if state and a.fresh != any(".bn." in k for k in state["net"]):
        raise SystemExit("this state has BatchNorm: give --fresh" if not a.fresh else "this state has no BatchNorm: it goes on without --fresh")
    if state and not goes_on:
        opt.load_state_dict(state["opt"])
    if a.encoder:
        for group in (body, rest) + ((steps_of_tracker,) if a.track else ()):
            opt.add_param_group(dict(params=group))
    if state:
        trained.load_state_dict(state["net"], strict=goes_on or not a.encoder)
        if goes_on:
            opt.load_state_dict(state["opt"])
        step, seconds = state["step"], state["seconds"]
    ema = copy.deepcopy(trained)
    if state:
        ema.load_state_dict(state["ema"], strict=goes_on or not a.encoder)
    params = [p for group in opt.param_groups[: 3 if a.encoder else 1] for p in group["params"]]
    averaged = dict(ema.named_parameters())
    averages = [(averaged[n], p.data) for n, p in trained.named_parameters() if p.requires_grad]
    averages += [(e, p) for e, p in zip(ema.buffers(), trained.buffers()) if a.fresh and p.dtype.is_floating_point]
    for m in batch_norms(net):
        m.train(not a.anneal)
    stop = []
    for sig in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sig, lambda *_: stop.append(1))
    start, begun, written, base = step, time.time(), time.time(), seconds
    end = start + a.anneal if a.anneal else a.steps
    steps = range(step, min(end, step + 10**6))

    def loader(dataset, numbers, ahead):
        return iter(torch.utils.data.DataLoader(
            dataset, batch_size=None, sampler=numbers, num_workers=1, prefetch_factor=ahead, collate_fn=lambda v: v))

    pictures = loader(Batches(a.seed, rank, a.targets, a.sources, a.small, a.coco), steps, 6)
    followed, renewed = None, RENEWED * a.clips_every
    if a.clips:
        rollout = Rollout(net, tracker, not a.float32)
        onwards = range(step // renewed, 10**6)
        followed = Followed(loader(Clips(a.seed + 7919 * rank, a.targets), onwards, 3), rollout, a.seed + 7919 * rank)
    log = open(os.path.join(a.state, "log.txt"), "a")
    seen = {}
    for _ in steps:
        torch.manual_seed((a.seed + 7919 * rank) * 1_000_003 + step)
        rng = np.random.default_rng((a.seed + 7919 * rank, step, 1))
        share = min(1, (step + 1 - start) / a.warm) * (1 - (step - start) / a.anneal if a.anneal else 1)
        for group, rate in zip(opt.param_groups, rates):
            group["lr"] = rate * share
        opt.zero_grad(set_to_none=True)
        loss, numbers = step_loss(net, next(pictures), rng, not a.float32, follower)
        loss.backward()
        if followed and step % a.clips_every == 0:
            if step % renewed == 0:
                followed.renew()
            loss, more = clip_loss(net, followed.draw(4, rng), not a.float32, follower)
            loss.backward()
            numbers.update(more)
        if a.track and step % a.clips_every == 0:
            loss, more = track_loss(tracker, followed.draw_tracks(3, STRETCH, rng), not a.float32)
            loss.backward()
            numbers.update(more)
        finished = together.average([*params, *steps_of_tracker], bool(stop) or time.time() - begun > a.minutes * 60)
        for some in (params, steps_of_tracker):
            torch.nn.utils.clip_grad_norm_(some, 5.0)
        opt.step()
        step += 1
        seconds = base + a.processes * time.process_time()
        keep = min(a.ema if not a.anneal else 0.98, (step + 1) / (step + 10))
        with torch.no_grad():
            torch._foreach_lerp_([e for e, _ in averages], [p for _, p in averages], 1 - keep)
        for k, v in numbers.items():
            if not torch.is_tensor(v) or len(v):
                seen.setdefault(k, []).append(float(v.mean()) if torch.is_tensor(v) else v)
        if rank == 0 and (step % 25 == 0 or step in (1, 5)):
            means = " ".join(f"{k} {np.mean(v[-100:]):.3f}" for k, v in seen.items())
            line = f"{step} {(time.time() - begun) / 60:.1f} min, processor {seconds / 60:.1f} min {means}"
            print(line, flush=True)
            print(line, file=log, flush=True)
        done = finished or step >= end
        if rank == 0 and not a.anneal and (done or time.time() - written > 600):
            save(last, dict(net=trained.state_dict(), ema=ema.state_dict(), opt=opt.state_dict(), step=step, seconds=seconds))
            written = time.time()
        if done:
            break
    del pictures, followed  # and with them the processes that make batches
    if rank:
        return
    together.wait()
    if a.anneal and not finished:
        trained.load_state_dict(ema.state_dict())
        net.fuse()
        path = os.path.join(a.state, f"annealed-{step}")
        save(path + ".pt", dict(net=net.state_dict(), step=step, seconds=seconds))
        shipped = {k: v.half().contiguous() for k, v in net.state_dict().items() if not k.startswith("fine.")}
        shipped["dec.in8.conv.weight"] = shipped["dec.in8.conv.weight"][:, : net.dec.NPROMPT].contiguous()
        save_file(shipped, path + ".safetensors", metadata={"format": "pt"})
        extras = {k: v.half().contiguous() for k, v in net.state_dict().items() if k.startswith("fine.")}
        extras["extents"] = net.dec.in8.conv.weight.data[:, net.dec.NPROMPT :].half().contiguous()
        save_file(extras, path + "-extras.safetensors", metadata={"format": "pt"})
        if follower:
            learned = {k: p.data.half() for k, p in tracker.named_parameters()}
            shipped = {k: learned.get(k, v).contiguous() for k, v in load_file(a.tracker).items() if not k.endswith(".input_range")}
            save_file(shipped, path + "-tracker.safetensors", metadata={"format": "pt"})


if __name__ == "__main__":
    main()
