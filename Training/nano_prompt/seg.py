"""Inference wrapper: OpenVINO (f32 or bf16) encoder/decoder exported by export.py, for a fixed frame size."""

import os
import tempfile
import numpy as np
import cv2
import openvino as ov
import torch
from export import load, export
from model import MEAN, STD, input_size

cv2.setNumThreads(1)


class Segmenter:
    def __init__(self, ck, h=480, w=854, longest=640, precision="f32", threads=2, memory=False):
        self.rh, self.rw, self.H, self.W = input_size(h, w, longest)
        self.h, self.w = h, w
        d = tempfile.mkdtemp()
        export(load(ck), d, self.H, self.W, memory)
        core = ov.Core()
        cfg = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": threads}
        self.enc = core.compile_model(d + "/encoder.onnx", "CPU", cfg)
        self.dec = core.compile_model(d + "/decoder.onnx", "CPU", cfg)
        self.dec_ref = core.compile_model(d + "/decoder_ref.onnx", "CPU", cfg) if memory else None

    def encode(self, bgr):
        im = cv2.resize(bgr, (self.rw, self.rh), interpolation=cv2.INTER_AREA)[..., ::-1]
        x = np.zeros((1, 3, self.H, self.W), np.float32)  # padding is 0 after normalisation
        x[0, :, : self.rh, : self.rw] = ((im.astype(np.float32) - MEAN) / STD).transpose(2, 0, 1)
        r = self.enc([x])
        self.f = [r[i].copy() for i in range(4)]

    def reference(self, pos, neg):
        """appearance memory (1,24,65) of points in the frame encoded last: for decode(..., ref=...) in other frames"""
        r = np.zeros((1, 24, 65), np.float32)
        r[..., 64] = -1
        pos = np.asarray(pos).reshape(-1, 2)[:24]
        neg = np.asarray(neg).reshape(-1, 2)[: 24 - len(pos)]
        k = np.array([self.rw / self.w, self.rh / self.h])
        p = np.concatenate([pos, neg]) * k
        e = self.f[3][0]
        gx, gy = (np.arange(e.shape[2]) + 0.5) * 8, (np.arange(e.shape[1]) + 0.5) * 8
        bx = np.maximum(0, 1 - np.abs(gx[None] - p[:, :1]) / 8)
        by = np.maximum(0, 1 - np.abs(gy[None] - p[:, 1:]) / 8)
        q = np.einsum("chw,nh,nw->nc", e, by, bx)
        r[0, : len(p), :64] = q / np.sqrt((q * q).sum(1, keepdims=True) + 1e-6)
        r[0, : len(pos), 64] = 1
        r[0, len(pos) : len(p), 64] = 0
        return r

    def decode(self, pos, neg, prev=None, ref=None):
        """pos, neg: n,2 in original pixels (centres at +0.5) -> logits at stride 4 of the padded frame, IoU estimate"""
        p = np.full((1, 24, 3), -1, np.float32)
        p[..., :2] = 0
        pos = np.asarray(pos)[:24]
        neg = np.asarray(neg)[: 24 - len(pos)]
        k = np.array([self.rw / self.w, self.rh / self.h], np.float32)
        if len(pos):
            p[0, : len(pos), :2] = pos * k
            p[0, : len(pos), 2] = 1
        if len(neg):
            p[0, len(pos) : len(pos) + len(neg), :2] = neg * k
            p[0, len(pos) : len(pos) + len(neg), 2] = 0
        has = np.array([prev is not None], np.float32)
        if prev is None:
            prev = np.zeros((1, 1, self.H // 4, self.W // 4), np.float32)
        r = self.dec([*self.f, p, prev, has]) if ref is None else self.dec_ref([*self.f, p, prev, has, ref])
        return r[0].copy(), float(r[1][0])

    def full(self, logits):
        """stride-4 logits -> logits at the frame's own size"""
        up = cv2.resize(logits[0, 0], (self.W, self.H), interpolation=cv2.INTER_LINEAR)[: self.rh, : self.rw]
        return cv2.resize(up, (self.w, self.h), interpolation=cv2.INTER_LINEAR)

    def segment(self, pos, neg, refine=3, prev=None, ref=None):
        """first pass with positives only, then `refine` passes with negatives and the previous logits"""
        outs = [self.decode(pos, [], prev, ref)]
        for _ in range(refine):
            outs.append(self.decode(pos, neg, outs[-1][0], ref))
        return outs
