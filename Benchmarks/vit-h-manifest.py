"""Describes a ViT-H with generated weights, for measuring memory: vit-h-manifest.py MANIFEST_OF_VIT_B > MANIFEST_OF_VIT_H

Sizes are those of the published ViT-H; scales are ViT-B's, made smaller with the square root of the width. `make_checkpoint.py` of the
reference data writes the checkpoint (2.6 GB) from it.
"""
import json
import re
import sys

GLOBAL_B, GLOBAL_H, DEPTH_H = {2, 5, 8, 11}, {7, 15, 23, 31}, 32
SIZES = {768: 1280, 2304: 3840, 3072: 5120, 64: 80}
SHRINK = 0.75  # about sqrt(768 / 1280), with few significant bits: products with weights stay exact

with open(sys.argv[1]) as file:
    manifest = json.load(file)
templates = {index: [] for index in (0, 2)}
tensors = []
for entry in manifest["tensors"]:
    block = re.match(r"image_encoder\.blocks\.(\d+)\.(.*)", entry["name"])
    if block:
        if int(block[1]) in templates:
            templates[int(block[1])].append((block[2], entry))
    else:
        widened = entry["name"].startswith(("image_encoder.patch_embed", "image_encoder.pos_embed", "image_encoder.neck.0")) or (
            entry["name"] == "mask_decoder.compress_vit_feat.0.weight")
        tensors.append(dict(entry, shape=[SIZES[n] if widened and n == 768 else n for n in entry["shape"]]))
for index in range(DEPTH_H):
    for name, entry in templates[2 if index in GLOBAL_H else 0]:
        shape = [SIZES.get(n, n) for n in entry["shape"]]
        scale = entry["scale"] * (SHRINK if len(shape) == 2 and "rel_pos" not in name else 1)
        tensors.append(dict(entry, name=f"image_encoder.blocks.{index}.{name}", shape=shape, scale=scale))
json.dump({"case": manifest["case"].replace("vit_b", "vit_h"), "caseSeed": manifest["caseSeed"], "tensors": tensors}, sys.stdout)
