import { Buffer } from 'node:buffer';

/**
 * Writes ONNX models (onnx.proto, opset 21) in protocol-buffer wire format. Only the fields that
 * the compiled engine uses are known here.
 */

export type ElementType = 'float32' | 'int32' | 'int64' | 'bool';
export type ElementData = Float32Array | Int32Array | BigInt64Array | Uint8Array;

/** A whole number is written as INT, an array as INTS. */
export type Attribute = number | readonly number[] | string | { readonly float: number };
export type Attributes = Readonly<Record<string, Attribute>>;

export interface OnnxTensorType {
  readonly name: string;
  readonly type: ElementType;
  /** A string names a length that is only known when the model runs. */
  readonly shape: readonly (number | string)[];
}

export interface OnnxInitializer {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: ElementData;
}

export interface OnnxNode {
  readonly op: string;
  /** Operator set; empty for the standard one. */
  readonly domain: string;
  readonly inputs: readonly string[];
  /** An empty name leaves an optional output out. */
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
  /** The body of a Loop. */
  readonly body?: OnnxGraph;
}

export interface OnnxGraph {
  readonly name: string;
  readonly inputs: readonly OnnxTensorType[];
  readonly initializers: readonly OnnxInitializer[];
  readonly nodes: readonly OnnxNode[];
  readonly outputs: readonly OnnxTensorType[];
}

export const MICROSOFT_DOMAIN = 'com.microsoft';
const IR_VERSION = 10;
const OPSET = 21;

/** Numbers of TensorProto.DataType. */
const DATA_TYPE: Record<ElementType, number> = { float32: 1, int32: 6, int64: 7, bool: 9 };

/** Numbers of AttributeProto.AttributeType. */
const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, graph: 5, ints: 7 };

/** One message under construction: its encoded fields, in order. */
class Message {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  integer(field: number, value: number): this {
    return this.#push(varint(field * 8), varint(value));
  }
  float(field: number, value: number): this {
    return this.#push(varint(field * 8 + 5), new Uint8Array(new Float32Array([value]).buffer));
  }
  bytes(field: number, value: Uint8Array): this {
    return this.#push(varint(field * 8 + 2), varint(value.length), value);
  }
  text(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value, 'utf8'));
  }
  message(field: number, value: Message): this {
    // Not as arguments: the parts of a large graph are more than a call takes.
    this.#push(varint(field * 8 + 2), varint(value.#length));
    for (const part of value.#parts) this.#parts.push(part);
    this.#length += value.#length;
    return this;
  }
  encode(): Uint8Array {
    return Buffer.concat(this.#parts, this.#length);
  }

  #push(...parts: Uint8Array[]): this {
    for (const part of parts) {
      this.#parts.push(part);
      this.#length += part.length;
    }
    return this;
  }
}

/** Numbers of one byte: nearly all tags and lengths. */
const SHORT: readonly Uint8Array[] = Array.from({ length: 128 }, (_, value) =>
  Uint8Array.of(value),
);

/** Base-128 encoding; negative numbers as 64-bit two's complement. */
function varint(value: number): Uint8Array {
  const short = SHORT[value];
  if (short) return short;
  if (value < 0) return bigVarint(BigInt.asUintN(64, BigInt(value)));
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

function bigVarint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

function attributeProto(name: string, value: Attribute): Message {
  const message = new Message().text(1, name);
  if (typeof value === 'number') return message.integer(3, value).integer(20, ATTRIBUTE_TYPE.int);
  if (typeof value === 'string') return message.text(4, value).integer(20, ATTRIBUTE_TYPE.string);
  if ('float' in value) return message.float(2, value.float).integer(20, ATTRIBUTE_TYPE.float);
  for (const item of value) message.integer(8, item);
  return message.integer(20, ATTRIBUTE_TYPE.ints);
}

function* nodeProto(node: OnnxNode, name: string): Generator<void, Message> {
  const message = new Message();
  for (const input of node.inputs) message.text(1, input);
  for (const output of node.outputs) message.text(2, output);
  message.text(3, name).text(4, node.op);
  for (const [key, value] of Object.entries(node.attributes))
    message.message(5, attributeProto(key, value));
  if (node.body)
    message.message(
      5,
      new Message()
        .text(1, 'body')
        .message(6, yield* graphProto(node.body))
        .integer(20, ATTRIBUTE_TYPE.graph),
    );
  if (node.domain !== '') message.text(7, node.domain);
  return message;
}

function tensorProto({ name, type, shape, data }: OnnxInitializer): Message {
  const message = new Message();
  for (const length of shape) message.integer(1, length);
  return message
    .integer(2, DATA_TYPE[type])
    .text(8, name)
    .bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

function valueInfoProto({ name, type, shape }: OnnxTensorType): Message {
  const dimensions = new Message();
  for (const length of shape)
    dimensions.message(
      1,
      typeof length === 'string' ? new Message().text(2, length) : new Message().integer(1, length),
    );
  const tensor = new Message().integer(1, DATA_TYPE[type]).message(2, dimensions);
  return new Message().text(1, name).message(2, new Message().message(1, tensor));
}

/** Written between two chances to stop. */
const NODES_AT_A_TIME = 64;

function* graphProto(graph: OnnxGraph): Generator<void, Message> {
  const message = new Message();
  for (const [at, node] of graph.nodes.entries()) {
    message.message(1, yield* nodeProto(node, `${graph.name}/${at}/${node.op}`));
    if (at % NODES_AT_A_TIME === 0) yield;
  }
  message.text(2, graph.name);
  for (const initializer of graph.initializers) message.message(5, tensorProto(initializer));
  for (const input of graph.inputs) message.message(11, valueInfoProto(input));
  for (const output of graph.outputs) message.message(12, valueInfoProto(output));
  return message;
}

/** The bytes of a model that `onnxruntime-node` loads; yields some milliseconds at a time. */
export function* writeModel(graph: OnnxGraph): Generator<void, Uint8Array> {
  const opset = (domain: string, version: number) =>
    new Message().text(1, domain).integer(2, version);
  return new Message()
    .integer(1, IR_VERSION)
    .text(2, 'hefl-bench')
    .message(7, yield* graphProto(graph))
    .message(8, opset('', OPSET))
    .message(8, opset(MICROSOFT_DOMAIN, 1))
    .encode();
}
