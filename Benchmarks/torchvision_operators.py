"""torchvision from PyPI is built against CUDA. Its compiled operators, which no benchmark uses, must at least be known by name: import this first."""
import torch

library = torch.library.Library("torchvision", "DEF")
for name in ("nms", "qnms"):
    library.define(name + "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
