"""The published segmenters' own packages, prompted as SAM-PT does. Needs, from PyPI, segment-anything, segment-anything-hq or mobilesam-mirror."""
import contextlib
import io

import torch

import torchvision_operators  # noqa: F401


def load(model, checkpoint):
    """The predictor of sam-vit-b, hq-sam-vit-b, mobile-sam or light-hq-sam."""
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        if model == "mobile-sam":
            from mobile_sam import SamPredictor, sam_model_registry
            build = sam_model_registry["vit_t"]
        elif model == "sam-vit-b":
            from segment_anything import SamPredictor, sam_model_registry
            build = sam_model_registry["vit_b"]
        else:
            from segment_anything_hq import SamPredictor, sam_model_registry
            build = sam_model_registry["vit_b" if model == "hq-sam-vit-b" else "vit_tiny"]
        return SamPredictor(build(checkpoint=checkpoint).eval())


@torch.no_grad()
def refined(predictor, points, labels, refinements):
    """The prompting of SAM-PT for one object. Returns the number of passes."""

    def decode(points, labels, box, low):
        coordinates = torch.as_tensor(predictor.transform.apply_coords(points, predictor.original_size), dtype=torch.float32)[None]
        if box is not None:
            box = torch.as_tensor(box, dtype=torch.float32)[None]
        logits, _, low = predictor.predict_torch(
            coordinates, torch.as_tensor(labels, dtype=torch.int)[None], boxes=box, mask_input=low, multimask_output=False, return_logits=True)
        return logits[0, 0], low

    _, low = decode(points[labels == 1], labels[labels == 1], None, None)
    logits, low = decode(points, labels, None, low)
    passes = 2
    for _ in range(refinements):
        inside = (logits > 0).nonzero()
        if len(inside) < 2:
            break
        (top, left), (bottom, right) = inside.min(0).values.tolist(), inside.max(0).values.tolist()
        logits, low = decode(points, labels, [left, top, right, bottom], low)
        passes += 1
    return passes
