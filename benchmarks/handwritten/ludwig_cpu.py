"""Ludwig's command line beside a torch that is built for the CPU alone.

The torchvision of the registry is built for CUDA: its compiled operators do not load, and importing it fails on registering
shapes for them. They serve pictures only, so here they are left out, and Ludwig trains tables as it always does.
"""

import torch

register_fake = torch.library.register_fake


def register_known(name, *args, **kwargs):
    """Register as torch does, but for operators of torchvision."""
    return (lambda function: function) if str(name).startswith("torchvision::") else register_fake(name, *args, **kwargs)


torch.library.register_fake = register_known
import torchvision  # noqa: E402, F401

torch.library.register_fake = register_fake
from ludwig.cli import main  # noqa: E402

main()
