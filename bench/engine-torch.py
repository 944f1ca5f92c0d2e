"""The programs of engine-programs.ts in PyTorch, on one thread.

usage: python3 engine-torch.py WORKLOAD
Prints the median milliseconds of processor time of one step.
"""

import statistics
import sys
import time

import torch
import torch.nn.functional as F

torch.set_num_threads(1)
torch.manual_seed(0)


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


WORKLOADS = {
    "lenet-step": lambda: training_step(lenet5, 32, 640),
    "dlg-iteration": lambda: inversion(dlg_lenet, squared_distance, False),
    "dlg-lenet-5": lambda: inversion(lenet5, squared_distance, False),
    "ig-iteration": lambda: inversion(dlg_lenet, cosine_distance, True),
    "unroll-5": lambda: inversion(dlg_lenet, unrolled, False),
    "mlp-step": lambda: training_step(mlp_texas, 32, 320),
}

if __name__ == "__main__":
    run = WORKLOADS[sys.argv[1]]()
    for _ in range(10):
        run()
    times = []
    started = time.perf_counter()
    while time.perf_counter() - started < 0.4 or len(times) < 5:
        before = time.process_time()
        run()
        times.append(1e3 * (time.process_time() - before))
    print(statistics.median(times))
