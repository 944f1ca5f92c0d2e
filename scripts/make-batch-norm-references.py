"""Writes fixtures/gradients/batch-norm-eval.json: second-order gradients in float64 (PyTorch) of a
residual block with batch norm in evaluation mode, at running statistics that the file states.

The parameters and images are those of the cases "resblock/bn-eval" of a second-order.json in the form
of the test data, whose own running statistics are not stored; they are read, not copied.

usage: python scripts/make-batch-norm-references.py SECOND_ORDER.json && npx biome check --write fixtures
"""

import base64
import json
import sys
from pathlib import Path

import numpy
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
CHANNELS = torch.arange(8)
STATISTICS = [(0.02 * CHANNELS - 0.08 + 0.01 * layer, 0.1 * CHANNELS + 0.5) for layer in range(3)]


def decode(encoded):
    values = numpy.frombuffer(base64.b64decode(encoded["f64"]), dtype="<f8")
    return torch.tensor(values.reshape(encoded["shape"]).copy())


def encode(tensor):
    return base64.b64encode(tensor.detach().numpy().astype("<f8").tobytes()).decode()


def reference(case):
    tensors = [decode(encoded) for encoded in case["params"]]
    # Convolutions are stored as [height, width, in, out].
    w = [(t.permute(3, 2, 0, 1).contiguous() if t.ndim == 4 else t).requires_grad_() for t in tensors]

    def norm(z, layer):
        mean, variance = STATISTICS[layer]
        scale, shift = w[3 * layer + 1], w[3 * layer + 2]
        return F.batch_norm(z, mean, variance, scale, shift, training=False, eps=1e-5)

    def logits(x):
        stem = F.relu(norm(F.conv2d(x.permute(0, 3, 1, 2), w[0], padding=1), 0))
        inner = F.relu(norm(F.conv2d(stem, w[3], padding=1), 1))
        block = F.relu(norm(F.conv2d(inner, w[6], padding=1), 2) + stem)
        return block.mean((2, 3)) @ w[9] + w[10]

    def gradient(x, graph):
        loss = F.cross_entropy(logits(x), torch.tensor(case["labels"]))
        return torch.autograd.grad(loss, w, create_graph=graph)

    def dot(a, b):
        return sum((one * other).sum() for one, other in zip(a, b))

    wanted = [tensor.detach() for tensor in gradient(decode(case["x_target"]), False)]
    x0 = decode(case["x0"]).requires_grad_()
    got = gradient(x0, True)
    if case["cost"] == "l2":
        difference = [one - other for one, other in zip(got, wanted)]
        cost = dot(difference, difference)
    else:
        cost = 1 - dot(got, wanted) / (dot(got, got) * dot(wanted, wanted)).sqrt()
    (slope,) = torch.autograd.grad(cost, x0)
    return {"cost": case["cost"], "value": cost.item(), "grad": encode(slope)}


cases = json.loads(Path(sys.argv[1]).read_text())["cases"]
result = {
    "about": "Made by scripts/make-batch-norm-references.py, which says how. Statistics are per layer and channel.",
    "statistics": [{"mean": mean.tolist(), "variance": variance.tolist()} for mean, variance in STATISTICS],
    "cases": [reference(case) for case in cases if case["name"] == "resblock/bn-eval"],
}
target = Path(__file__).parent.parent / "fixtures/gradients/batch-norm-eval.json"
target.write_text(json.dumps(result) + "\n")
