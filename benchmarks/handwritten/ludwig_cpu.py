"""Ludwig's command line where torch is built for the CPU alone: torchvision's wheel for CUDA cannot load its operators there.

Ludwig imports torchvision, which asks for one of them by name; declared, it is never called, since there are no images.
"""

import torch

torch.library.define("torchvision::nms", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

from ludwig.cli import main  # noqa: E402

main()
