import {
  type DataId,
  engine,
  getGradient,
  ones,
  Tensor,
  type TensorInfo,
  zeros,
} from '@tensorflow/tfjs-core';
import { FailedCall, TracingBackend } from './backend.ts';
import { between, type Gradients, propagate, type TapeNode } from './tape.ts';

/** The private part of tfjs's engine that a recording needs. */
interface TfjsEngine {
  readonly state: { gradientDepth: number; readonly kernelDepth: number };
  nextTensorId(): number;
  isTapeOn(): boolean;
  getTensorsForGradient(kernelName: string, inputs: object, outputs: Tensor[]): Tensor[];
}

/** What tfjs writes down of an operation. */
type Operation = [
  kernelName: string,
  inputs: Record<string, Tensor>,
  outputs: readonly Tensor[],
  ownGradient: unknown,
  saved: Tensor[],
  attributes: object,
];

/** The way back of a call for gradients, as far as it has come. */
interface GradientCall {
  backward?: {
    /** What is still to be passed, from its end. */
    readonly path: TapeNode[];
    readonly gradients: Gradients;
    /** Place in the events of what comes next. */
    at: number;
  };
}

interface ValueAndGradients {
  readonly value: Tensor;
  readonly grads: readonly (Tensor | undefined)[];
}

/** Thrown through the work when its time is up. */
class Interruption extends Error {}

/** How long a recording goes on before it is interrupted. */
const INSTALMENT_MILLISECONDS = 20;

/**
 * Records what pure work computes from symbolic tensors, in instalments: tfjs can't be stopped in the
 * middle, so the work is broken off and done again from its beginning. All it has done before then comes
 * from memory (the same tensors), and ways back through the tape are not gone again.
 *
 * tfjs's engine meanwhile does without what it does around every operation: counting tensors and bytes,
 * scopes, copies of what a gradient saves, freeing. That was more than half of the time (measured), for
 * tensors that hold nothing. Without the copies the tape is in order as well (see tape-order).
 */
export class Recording {
  readonly backend = new TracingBackend();
  readonly #tfjs = engine() as unknown as TfjsEngine & Record<string, unknown>;
  readonly #replacements = this.#replace();
  readonly #tape: TapeNode[] = [];
  /** What has happened since the beginning, in order. */
  readonly #events: unknown[] = [];
  #at = 0;
  #deadline: number | undefined;

  /** A tensor for what the backend holds. */
  tensor({ shape, dtype, dataId }: TensorInfo): Tensor {
    return new Tensor(shape, dtype, dataId, this.#tfjs.nextTensorId());
  }

  /**
   * Does the work, or the next part of it.
   *
   * @returns what the work returns, when it has come to its end.
   * @throws what the work throws.
   */
  advance<T>(work: () => T): { readonly result: T } | undefined {
    this.#at = 0;
    this.#deadline = undefined;
    const tfjs = this.#tfjs;
    const before = Object.keys(this.#replacements).map(
      (name) => [name, Object.getOwnPropertyDescriptor(tfjs, name)] as const,
    );
    Object.assign(tfjs, this.#replacements);
    try {
      const result = work();
      return this.#isInterrupted() ? undefined : { result };
    } catch (error) {
      if (this.#isInterrupted()) return undefined;
      throw error;
    } finally {
      for (const [name, descriptor] of before)
        if (descriptor) Object.defineProperty(tfjs, name, descriptor);
        else delete tfjs[name];
    }
  }

  #isInterrupted(): boolean {
    return this.#deadline !== undefined && performance.now() > this.#deadline;
  }

  /** What happens here, from memory if it has happened before. */
  #once<T>(happen: () => T): T {
    if (this.#at < this.#events.length) return this.#events[this.#at++] as T;
    if (this.#isInterrupted()) throw new Interruption();
    // Counted from the first news: what comes from memory takes its time as well.
    this.#deadline ??= performance.now() + INSTALMENT_MILLISECONDS;
    const event = happen();
    this.#events.push(event);
    this.#at++;
    return event;
  }

  #replace(): Record<string, unknown> {
    const { backend } = this;
    return {
      backendName: 'hefl-tracing',
      backendInstance: backend,
      runKernel: this.#runKernel.bind(this),
      gradients: this.#gradients.bind(this),
      addTapeNode: (...node: Operation) => this.#once(() => this.#addTapeNode(...node)),
      makeTensor: (...values: Parameters<TracingBackend['write']>) =>
        revived(this.#once(() => this.tensor(backend.constant(...values)))),
      clone: secondOf,
      tidy: (name: unknown, work?: () => unknown) => (work ?? (name as () => unknown))(),
      startScope: nothing,
      endScope: nothing,
      trackTensor: nothing,
      disposeTensor: nothing,
      readSync: (dataId: DataId) => backend.readSync(dataId),
      read: (dataId: DataId) => backend.read(dataId),
    };
  }

  #runKernel(kernelName: string, inputs: Record<string, Tensor>, attributes: object = {}) {
    const outputs = this.#once(() => {
      const result = this.backend.record(kernelName, inputs, attributes);
      const tensors = (Array.isArray(result) ? result : [result]).map((info) => this.tensor(info));
      if (this.#tfjs.isTapeOn()) {
        const saved = this.#tfjs.getTensorsForGradient(kernelName, inputs, tensors);
        this.#addTapeNode(kernelName, inputs, tensors, null, saved.map(secondOf), attributes);
      }
      return Array.isArray(result) ? tensors : (tensors[0] as Tensor);
    });
    return Array.isArray(outputs) ? outputs.map(revived) : revived(outputs);
  }

  #addTapeNode(...[operation, inputs, outputs, ownGradient, saved, attributes]: Operation): void {
    type Gradient = (dy: Tensor | Tensor[], saved: Tensor[], attributes: object) => never;
    const gradient = (getGradient(operation)?.gradFunc ?? ownGradient) as Gradient | null;
    this.#tape.push({
      operation,
      inputs,
      outputs,
      ...(gradient && {
        gradient: (dys) => gradient(dys.length > 1 ? dys : (dys[0] as Tensor), saved, attributes),
      }),
    });
  }

  /** As tfjs does it, but to be continued. */
  #gradients(
    f: () => Tensor,
    xs: readonly Tensor[],
    dy?: Tensor,
    allowNone = false,
  ): ValueAndGradients {
    const call = this.#once((): GradientCall => {
      // As tfjs, which forgets the tape with the outermost call.
      if (this.#tfjs.state.gradientDepth === 0) this.#tape.length = 0;
      return {};
    });
    // From memory too it is called: it may leave something outside.
    const value = this.#onTape(f);
    call.backward ??= this.#toGoBack(value, xs, dy, allowNone);
    const { path, gradients } = call.backward;
    this.#at = call.backward.at;
    for (let node = path.at(-1); node; node = path.at(-1)) {
      const sums = propagate(node, gradients, ({ shape }) => zeros(shape));
      for (const [id, sum] of sums) gradients.set(id, sum);
      path.pop();
      call.backward.at = this.#at;
    }
    return { value, grads: xs.map(({ id }) => gradients.get(id)) };
  }

  #onTape(f: () => Tensor): Tensor {
    const { state } = this.#tfjs;
    state.gradientDepth++;
    try {
      const value = f();
      if (value instanceof Tensor) return value;
    } finally {
      state.gradientDepth--;
    }
    throw new FailedCall('grad', new TypeError('the function returns no tensor'));
  }

  #toGoBack(value: Tensor, xs: readonly Tensor[], dy: Tensor | undefined, allowNone: boolean) {
    const path = [...between(this.#tape, xs, value)];
    if (path.length === 0 && !allowNone)
      throw new FailedCall('grad', new TypeError("the function's value depends on none of them"));
    const gradients: Gradients = new Map([[value.id, dy ?? ones(value.shape)]]);
    return { path, gradients, at: this.#at };
  }
}

/** The same tensor to the tape, for a gradient to save; the work may free the first. */
const secondOf = ({ shape, dtype, dataId, id }: Tensor) => new Tensor(shape, dtype, dataId, id);

/** A tensor that the work has freed is there again for the same work. */
function revived(tensor: Tensor): Tensor {
  (tensor as unknown as { isDisposedInternal: boolean }).isDisposedInternal = false;
  return tensor;
}

const nothing = () => undefined;
