"""Depthwise convolutions whose gradients are quick to compute on processors.

PyTorch has a quick gradient of the weights (oneDNN's, in channels-last memory) for kernels of 3 x 3 alone: in bfloat16 those of 5 x 5 take twenty times as
long as they need to. Here a larger kernel is covered by overlapping ones of 3 x 3, and the gradient of a map that was passed over in
steps of two is computed in float32. A step of train_clicks.py with the encoder so takes two thirds of the time."""

import torch
from torch.nn import functional as F


class Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, stride, padding):
        if torch.is_autocast_enabled("cpu"):
            x, weight, bias = (v.to(torch.get_autocast_dtype("cpu")) for v in (x, weight, bias))
        ctx.save_for_backward(x, weight)
        ctx.how = stride, padding
        return F.conv2d(x, weight, bias, stride, padding, 1, x.shape[1])

    @staticmethod
    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        stride, padding = ctx.how
        g = g.contiguous(memory_format=torch.channels_last)
        of_x = of_weight = of_bias = None
        if ctx.needs_input_grad[0]:
            of_x = gradient_of_map(g, x, weight, stride, padding)
        if ctx.needs_input_grad[1]:
            of_weight = gradient_of_weight(g, x, weight, stride, padding)
        if ctx.needs_input_grad[2]:
            of_bias = g.sum((0, 2, 3), dtype=torch.float32)
        return of_x, of_weight, of_bias, None, None


def gradient(g, x, weight, stride, padding, which):
    n = [stride] * 2, [padding] * 2, [1, 1], False, [0, 0], x.shape[1]
    return torch.ops.aten.convolution_backward(g, x, weight, None, *n, which)


def gradient_of_map(g, x, weight, stride, padding):
    if stride == 1:
        return gradient(g, x, weight, stride, padding, [True, False, False])[0]
    return gradient(g.float(), x.float(), weight.float(), stride, padding, [True, False, False])[0].to(x.dtype)


def gradient_of_weight(g, x, weight, stride, padding):
    k = weight.shape[2]
    if k == 3:
        return gradient(g, x, weight, stride, padding, [False, True, False])[1].float()
    if padding:
        x = F.pad(x, (padding,) * 4)
    h, w = g.shape[2:]
    out = torch.empty(weight.shape, dtype=torch.float32)
    part = weight[:, :, :3, :3].contiguous()
    corners = [*range(0, k - 3, 3), k - 3]
    for a in corners:
        for b in corners:
            seen = x[:, :, a : a + stride * (h - 1) + 3, b : b + stride * (w - 1) + 3].contiguous(memory_format=torch.channels_last)
            out[:, :, a : a + 3, b : b + 3] = gradient(g, seen, part, stride, 0, [False, True, False])[1]
    return out


if __name__ == "__main__":  # how far the gradients are from PyTorch's in float32, and how long both take
    import time

    torch.set_num_threads(1)
    for n, c, side, k, stride in [(4, 672, 20, 5, 1), (4, 144, 83, 5, 2), (4, 480, 20, 3, 1), (4, 240, 41, 3, 2)]:
        pad = k // 2 if stride == 1 else 0
        x = torch.randn(n, c, side, side).bfloat16().to(memory_format=torch.channels_last).requires_grad_()
        weight, bias = torch.randn(c, 1, k, k).bfloat16().requires_grad_(), torch.randn(c).bfloat16().requires_grad_()
        found, took = [], []
        for conv in (Depthwise.apply, lambda *v: F.conv2d(*v, 1, c)):
            y = conv(x, weight, bias, stride, pad)
            g = torch.randn_like(y)
            torch.autograd.grad(y, (x, weight, bias), g, retain_graph=True)
            begun = time.perf_counter()
            torch.autograd.grad(y, (x, weight, bias), g)
            took.append(1e3 * (time.perf_counter() - begun))
        y = F.conv2d(x.float(), weight.float(), bias.float(), stride, pad, 1, c)
        true = torch.autograd.grad(y, (x, weight, bias), g.float())
        y = Depthwise.apply(x, weight, bias, stride, pad)
        far = [((a.float() - b).norm() / b.norm()).item() for a, b in zip(torch.autograd.grad(y, (x, weight, bias), g), true)]
        print(f"{c} channels, {k} x {k}, stride {stride}: {took[0]:.1f} ms (PyTorch's {took[1]:.1f}), off by", [f"{v:.4f}" for v in far])
