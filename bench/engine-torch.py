"""The programs of engine-programs.ts in PyTorch.

usage: python3 engine-torch.py WORKLOAD THREADS
Prints a line of JSON when it is ready, and one for every line it reads: milliseconds per step by the
clock and of processor time, and its peak resident memory in MiB.
"""

import json
import resource
import sys
import time

import torch
import torch.nn.functional as F


def lenet5():
    shapes = [(6, 1, 5, 5), (6,), (16, 6, 5, 5), (16,), (120, 16, 5, 5), (120,)]
    shapes += [(84, 120), (84,), (10, 84), (10,)]

    def logits(w, x):
        x = F.max_pool2d(F.relu(F.conv2d(x, w[0], w[1], padding=2)), 2)
        x = F.max_pool2d(F.relu(F.conv2d(x, w[2], w[3])), 2)
        x = F.relu(F.conv2d(x, w[4], w[5])).flatten(1)
        return F.linear(F.relu(F.linear(x, w[6], w[7])), w[8], w[9])

    return shapes, logits, (1, 28, 28), 10


def dlg_lenet():
    shapes = [(12, 1, 5, 5), (12,)] + [(12, 12, 5, 5), (12,)] * 3 + [(10, 588), (10,)]

    def logits(w, x):
        for layer, stride in enumerate((2, 2, 1, 1)):
            weight, bias = w[2 * layer], w[2 * layer + 1]
            x = torch.sigmoid(F.conv2d(x, weight, bias, stride=stride, padding=2))
        return F.linear(x.flatten(1), w[8], w[9])

    return shapes, logits, (1, 28, 28), 10


def mlp_texas():
    widths = [6169, 1024, 512, 256, 128, 100]
    shapes = [s for a, b in zip(widths, widths[1:]) for s in ((b, a), (b,))]

    def logits(w, x):
        for layer in range(5):
            x = F.linear(x, w[2 * layer], w[2 * layer + 1])
            x = torch.tanh(x) if layer < 4 else x
        return x

    return shapes, logits, (6169,), 100


def training_step(architecture, batch, examples):
    shapes, logits, input_shape, classes = architecture()
    weights = [(0.1 * torch.randn(s)).requires_grad_() for s in shapes]
    images = torch.rand(examples, *input_shape)
    labels = torch.randint(classes, (examples,))
    optimizer = torch.optim.SGD(weights, lr=0.01, momentum=0.9)

    def step():
        at = torch.randint(examples, (batch,))
        optimizer.zero_grad()
        F.cross_entropy(logits(weights, images[at]), labels[at]).backward()
        optimizer.step()

    return step


def inversion(architecture, cost, signed):
    shapes, logits, input_shape, classes = architecture()
    weights = [(0.5 * torch.randn(s)).requires_grad_() for s in shapes]
    target = [0.1 * torch.rand(s) for s in shapes]
    image = torch.rand(1, *input_shape).requires_grad_()
    label = torch.rand(1, classes).requires_grad_()
    optimizer = torch.optim.Adam([image, label], lr=0.1)

    def gradient(w, x, y):
        return torch.autograd.grad(F.cross_entropy(logits(w, x), y), w, create_graph=True)

    def step():
        optimizer.zero_grad()
        loss = cost(gradient, weights, target, image, label.softmax(1))
        grads = torch.autograd.grad(loss, [image, label])
        for variable, grad in zip((image, label), grads):
            variable.grad = grad.sign() if signed else grad
        optimizer.step()
        with torch.no_grad():
            image.clamp_(0, 1)

    return step


def deep_leakage(architecture):
    """One evaluation of DLG's LBFGS, on the gradient of a random image."""
    shapes, logits, input_shape, classes = architecture()
    weights = [(torch.rand(s) - 0.5).requires_grad_() for s in shapes]

    def gradient(x, y, create_graph):
        return torch.autograd.grad(F.cross_entropy(logits(weights, x), y), weights, create_graph=create_graph)

    target = gradient(torch.rand(1, *input_shape), torch.zeros(1, dtype=torch.long), False)
    image = torch.randn(1, *input_shape).requires_grad_()
    label = torch.randn(1, classes).requires_grad_()
    optimizer = torch.optim.LBFGS(
        [image, label], lr=1, max_iter=1, history_size=100, tolerance_grad=0, tolerance_change=0
    )

    def cost():
        optimizer.zero_grad()
        got = gradient(image, label.softmax(1), True)
        loss = sum(((g - t) ** 2).sum() for g, t in zip(got, target))
        grads = torch.autograd.grad(loss, [image, label])
        for variable, grad in zip((image, label), grads):
            variable.grad = grad
        return loss

    return lambda: optimizer.step(cost)


def squared_distance(gradient, weights, target, x, y):
    return sum(((g - t) ** 2).sum() for g, t in zip(gradient(weights, x, y), target))


def cosine_distance(gradient, weights, target, x, y):
    got = gradient(weights, x, y)
    dot = sum((g * t).sum() for g, t in zip(got, target))
    norms = sum((g * g).sum() for g in got) * sum((t * t).sum() for t in target)
    down = (x[:, :, 1:] - x[:, :, :-1]).abs().mean()
    right = (x[:, :, :, 1:] - x[:, :, :, :-1]).abs().mean()
    return 1 - dot / norms.sqrt() + 1e-2 * (down + right)


def unrolled(gradient, weights, target, x, y):
    current = weights
    for _ in range(5):
        current = [w - 0.01 * g for w, g in zip(current, gradient(current, x, y))]
    return sum(((c - w - t) ** 2).sum() for c, w, t in zip(current, weights, target))


def resnet_step(batch):
    def conv_and_norm(inputs, outputs, size):
        return [(outputs, inputs, size, size), (outputs,), (outputs,)]

    stages = [(64, 1), (128, 2), (256, 2), (512, 2)]
    shapes, channels = conv_and_norm(3, 64, 3), 64
    for width, _ in stages:
        for _ in range(2):
            shapes += conv_and_norm(channels, width, 3) + conv_and_norm(width, width, 3)
            if channels != width:
                shapes += conv_and_norm(channels, width, 1)
            channels = width
    shapes += [(10, 512), (10,)]
    weights = [(0.05 * torch.randn(s)).requires_grad_() for s in shapes]
    running = [(torch.zeros(s[0]), torch.ones(s[0])) for s in shapes if len(s) == 4]
    optimizer = torch.optim.SGD(weights, lr=0.01)

    def logits(x):
        parameters, statistics = iter(weights), iter(running)

        def layer(x, stride, padding):
            weight, scale, shift = next(parameters), next(parameters), next(parameters)
            mean, variance = next(statistics)
            x = F.conv2d(x, weight, stride=stride, padding=padding)
            return F.batch_norm(x, mean, variance, scale, shift, training=True)

        x = F.relu(layer(x, 1, 1))
        for width, first_stride in stages:
            for block in range(2):
                stride = first_stride if block == 0 else 1
                inner = layer(F.relu(layer(x, stride, 1)), 1, 1)
                x = F.relu(inner + (x if x.shape[1] == width else layer(x, stride, 0)))
        return F.linear(x.mean((2, 3)), next(parameters), next(parameters))

    images, labels = torch.rand(batch, 3, 32, 32), torch.randint(10, (batch,))

    def step():
        optimizer.zero_grad()
        F.cross_entropy(logits(images), labels).backward()
        optimizer.step()

    return step


def gpt_step(layers, width, heads, time_steps, vocabulary, batch):
    block = [(width,), (width,), (width, 3 * width), (width, width), (width,), (width,)]
    block += [(width, 4 * width), (4 * width,), (4 * width, width), (width,)]
    shapes = [(vocabulary, width), (time_steps, width)] + layers * block + [(width,), (width,)]
    weights = [
        ((len(s) == 1) + 0.02 * torch.randn(s)).requires_grad_() for s in shapes
    ]
    optimizer = torch.optim.SGD(weights, lr=0.01)
    visible = torch.ones(time_steps, time_steps).tril().bool()

    def logits(tokens):
        x = weights[0][tokens] + weights[1]
        for layer in range(layers):
            s1, b1, qkv, projection, s2, b2, up, up_bias, down, down_bias = weights[
                2 + 10 * layer : 12 + 10 * layer
            ]
            parts = (F.layer_norm(x, (width,), s1, b1) @ qkv).split(width, 2)
            q, k, v = (
                part.view(batch, time_steps, heads, width // heads).transpose(1, 2)
                for part in parts
            )
            scores = (q @ k.transpose(2, 3)) / (width // heads) ** 0.5
            mixed = scores.masked_fill(~visible, -1e9).softmax(-1) @ v
            x = x + mixed.transpose(1, 2).reshape(batch, time_steps, width) @ projection
            hidden = F.gelu(F.layer_norm(x, (width,), s2, b2) @ up + up_bias)
            x = x + hidden @ down + down_bias
        return F.layer_norm(x, (width,), weights[-2], weights[-1]) @ weights[0].t()

    def step():
        tokens = torch.randint(vocabulary, (2, batch, time_steps))
        optimizer.zero_grad()
        F.cross_entropy(logits(tokens[0]).flatten(0, 1), tokens[1].flatten()).backward()
        optimizer.step()

    return step


WORKLOADS = {
    "lenet-step": lambda: training_step(lenet5, 32, 640),
    "lenet-step-1": lambda: training_step(lenet5, 1, 640),
    "mlp-step": lambda: training_step(mlp_texas, 32, 320),
    "resnet-step": lambda: resnet_step(32),
    "gpt-step": lambda: gpt_step(4, 256, 4, 128, 256, 8),
    "dlg-iteration": lambda: inversion(dlg_lenet, squared_distance, False),
    "ig-iteration": lambda: inversion(dlg_lenet, cosine_distance, True),
    "ig-lenet-iteration": lambda: inversion(lenet5, cosine_distance, True),
    "dlg-evaluation": lambda: deep_leakage(dlg_lenet),
    "unroll-5": lambda: inversion(dlg_lenet, unrolled, False),
    "shadow-step": lambda: training_step(lenet5, 10, 500),
}

RUN_SECONDS = 1.5


def timed(step, count):
    wall, processor = time.perf_counter(), time.process_time()
    for _ in range(count):
        step()
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    return {"wall": 1e3 * wall / count, "processor": 1e3 * processor / count, "steps": count}


def tell(message):
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[2]))
    torch.manual_seed(0)
    run = WORKLOADS[sys.argv[1]]()
    timed(run, 2)
    per_step = timed(run, 2)["wall"] / 1e3
    steps = max(4, min(2000, round(RUN_SECONDS / per_step)))
    tell({"ready": "torch " + torch.__version__})
    for _ in sys.stdin:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        tell({**timed(run, steps), "memory": peak})
