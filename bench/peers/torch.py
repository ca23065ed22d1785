"""PyTorch, where this machine's own Python has it: it is too large to be installed for this."""

import torch

PACKAGES = ["torch"]
