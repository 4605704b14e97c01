"""What train_clicks.py minimises in a step: on pictures, on what was asked in clips, and on points that were followed in them."""

import torch
from torch.nn import functional as F

from data import NN, NP
from model import MEAN, STD, embed, extent_of, target_of, up2
from rollouts import of_same_kind, of_tracker
from train import NE, corrupt, error_points, iou_of, loss_fn


def disturbed(score):
    """a target model's map as it is in videos, where things change more than between two views of one picture: paler, and wrong in places"""
    n, _, h, w = score.shape
    noise = F.interpolate(torch.randn(n, 1, 5, 5), size=(h, w), mode="bicubic", align_corners=False)
    paler = 1 - 0.5 * torch.rand(n, 1, 1, 1)
    return score * paler + noise * (0.4 * torch.rand(n, 1, 1, 1) ** 2)


def targets_of(p8, seen_as):
    """target models of the other view's masks; a quarter of the targets have none, a quarter of the masks are too large"""
    there = (seen_as.flatten(1).amax(1) > 0.5) & (torch.rand(len(seen_as)) < 0.75)
    wide = 0.5 * seen_as + 0.5 * F.max_pool2d(seen_as, 3, 1, 1)
    t = target_of(p8, torch.where((torch.rand(len(seen_as)) < 0.25)[:, None, None, None], wide, seen_as))
    return t * there[:, None]


def of_targets(maps, k):
    """maps of pictures -> of the k targets of each"""
    return maps.repeat_interleave(k, 0).contiguous(memory_format=torch.channels_last)


def states(net, fk, gt, pts, ref, target, extent, rng):
    """points, previous logits and whether there are any, as after 0, 1 or 2 passes or with the mask of an earlier frame"""
    n = len(gt)
    pts = torch.cat([pts, torch.tensor([0, 0, -1.0]).expand(n, 2 * NE, 3)], 1)
    first = pts.clone()
    first[:, NP:, 2] = -1
    st = torch.from_numpy(rng.choice(4, n, p=[0.45, 0.27, 0.10, 0.18]))
    cur = torch.where(((st > 0) & (torch.rand(n) < 0.9) | (torch.rand(n) < 0.15))[:, None, None], pts, first).clone()
    prev, has = torch.zeros_like(gt), torch.zeros(n)

    def passed(which, points, slot):
        if len(which) == 0:
            return
        lo, _ = net.dec(*[v[which] for v in fk], points[which], prev[which], has[which], ref[which], target[which], extent[which])
        prev[which], has[which] = lo, 1
        some = torch.nonzero(torch.rand(len(which)) < 0.5)[:, 0]
        if len(some):
            e = error_points(lo[some], gt[which[some]], NE)
            e[..., 2] = torch.where(torch.arange(NE)[None] < torch.randint(1, NE + 1, (len(some), 1)), e[..., 2], -torch.ones(()))
            cur[which[some], slot : slot + NE] = e

    counting = [m for m in net.dec.modules() if isinstance(m, torch.nn.BatchNorm2d) and m.training]  # only while all is trained from the start
    with torch.no_grad():
        for m in counting:
            m.eval()
        passed(torch.nonzero((st == 1) | (st == 2))[:, 0], first, NP + NN)
        passed(torch.nonzero(st == 2)[:, 0], cur.clone(), NP + NN + NE)
        i = torch.nonzero(st == 3)[:, 0]
        if len(i):
            prev[i], has[i] = corrupt(gt[i], rng), 1
        for m in counting:
            m.train()
    return st, cur, prev, has


def encoder_learns(net):
    return net.enc.emb.weight.requires_grad


def step_loss(net, batch, rng, autocast, follower=None):
    im, gt, pts, rp, seen_as = (torch.from_numpy(v) for v in batch)
    b, k = gt.shape[:2]
    x = ((im.permute(0, 3, 1, 2).float() - MEAN) / STD).contiguous(memory_format=torch.channels_last)
    gt2, pts, rp = gt.flatten(0, 1)[:, None].float() / 255, pts.flatten(0, 1), rp.flatten(0, 1)
    gt = F.avg_pool2d(gt2, 2)
    n = len(gt)
    few = (pts[..., 2] > 0.5).sum(1) <= 3
    told = torch.rand(n) < torch.where(few, torch.tensor(0.6), torch.tensor(0.1))
    wrong = told & few & (torch.rand(n) < 0.25)  # only the judge of masks learns from these
    value = extent_of(gt.sum((1, 2, 3)) * 16) + torch.randn(n) * torch.where(wrong, torch.tensor(0.7), torch.tensor(0.2))
    extent = torch.stack([value, torch.ones(n)], 1) * told[:, None]
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        with torch.set_grad_enabled(encoder_learns(net)):
            *fe, c2, c4 = net.enc.pyramid(x)
            other = torch.arange(b) ^ 1
            ref = torch.cat([embed(fe[3][other].repeat_interleave(k, 0), rp), rp[..., 2:]], 2)
            fk = [of_targets(v, k) for v in fe]
            target = targets_of(fe[1][other].repeat_interleave(k, 0), seen_as.flatten(0, 1)[:, None].float() / 255)
        strays = follower(x, c4, fe) if follower else torch.zeros(())
        st, cur, prev, has = states(net, fk, gt, pts, ref, target, extent, rng)
        loss, iou, judged, gain = answer(net, fk, c2, (cur, prev, has, ref, target, extent), gt, gt2, ~wrong, disturbed)
    loss = loss + 3 * strays
    one, known = few & (st == 0) & ~wrong, target[:, 65] > 0
    return loss, dict(
        loss=loss.item(), click=iou[one & ~told], told=iou[one & told], many=iou[~few & (st == 0)], later=iou[(st > 0) & ~wrong],
        known=iou[known & ~wrong], judge=(judged - iou).abs(), finer=gain, strays=strays.item(),
    )


def answer(net, fk, c2, question, gt, gt2, right, disturb=None):
    """loss of the answers to a question of n targets (points, prev, has, ref, target, extent); fk: maps of each target's picture, c2: of each picture;
    gt, gt2: masks at strides 4 and 2; right: where the mask is to be learned, not the judge alone. And IoU, predicted IoU, what Fine adds."""
    lo, judged, b4 = net.dec.details(*fk, *question, disturb)
    iou = iou_of(lo.detach(), gt)
    some = torch.nonzero((iou > 0.5) & right)[:, 0][:6]  # outlines of what was found
    fine = net.fine(lo[some].detach(), b4[some].detach(), c2[some // (len(gt) // len(c2))].detach())
    right = right.float()
    loss = (loss_fn(lo.float(), gt) * right).sum() / right.sum().clamp(min=1) + 0.5 * F.mse_loss(judged.float(), iou)
    gain = torch.zeros(0)
    if len(some):
        loss = loss + loss_fn(fine.float(), gt2[some]).mean()
        gain = iou_of(fine.detach(), gt2[some]) - iou_of(up2(lo[some].detach()), gt2[some])
    return loss, iou, judged.detach().float(), gain


def clip_loss(net, asked, autocast, follower=None):
    """as step_loss, of what was asked in frames of clips (Followed.draw)"""
    frames, masks, question = asked
    k = masks.shape[1]
    x = ((frames.permute(0, 3, 1, 2).float() - MEAN) / STD).contiguous(memory_format=torch.channels_last)
    gt2 = masks.flatten(0, 1)[:, None].float() / 255
    gt = F.avg_pool2d(gt2, 2)
    question = [v.flatten(0, 1) for v in question]
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        with torch.set_grad_enabled(encoder_learns(net)):
            *fe, c2, c4 = net.enc.pyramid(x)
        strays = follower(x, c4, fe) if follower else torch.zeros(())
        fk = [of_targets(v, k) for v in fe]
        there = gt.mean((1, 2, 3)) > 0.001
        loss, iou, judged, gain = answer(net, fk, c2, (*question, None), gt, gt2, there)
    loss = loss + 3 * strays
    lost = ~(question[0][..., 2] > 0.5).any(1)
    return loss, dict(
        clip_loss=loss.item(), clip=iou[there & ~lost], clip_lost=iou[there & lost], clip_judge=(judged - iou).abs(), clip_sure=judged - iou,
    )


def track_loss(tracker, stretches, autocast):
    """of points that were being followed in clips (Followed.draw_tracks), as the tracker's own training has it"""
    losses = of_tracker("losses")
    maps, states, labels, known, xy, seen = zip(*stretches)
    length, k = len(xy[0]), len(labels[0])
    maps = [torch.cat(v).contiguous(memory_format=torch.channels_last) for v in zip(*maps)]
    state = {name: torch.cat([s[name] for s in states]) for name in states[0]}
    a, known, xy, seen = of_same_kind(torch.cat(labels)), torch.cat(known), torch.cat(xy, 1), torch.cat(seen, 1)
    total, far, right = 0.0, [], []
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        f4, f8 = tracker.head(*[v if autocast else v.float() for v in maps])
        h, w = f8.shape[2:]
        of_frame = [[v[i::length].repeat_interleave(k, 0) for v in (f4, f8)] for i in range(length)]  # of clips, of their objects
        for i, (of4, of8) in enumerate(of_frame):
            state, o = tracker.step(of4, of8, state, a)
            total = total + losses.total(losses.step_losses(o, xy[i], seen[i], torch.tensor([8.0 * w, 8.0 * h]), known))
            there = seen[i] * known > 0
            far.append((state["x"].detach() - xy[i]).norm(dim=-1)[there])
            right.append(((o["pv"] > 0.3) == (seen[i] > 0))[known > 0].float())
    far = torch.cat(far)
    return total / length, dict(track_loss=float(total.detach()) / length, within_4=(far < 4).float(), within_16=(far < 16).float(), occlusion=torch.cat(right))
