import { fileURLToPath } from 'node:url';

/** The step can't be compiled because of one operation; it still runs on the eager engine. */
export class UntraceableOperation extends Error {
  /** tfjs's name of the kernel. */
  readonly operation: string;
  readonly reason: string;

  constructor(program: string, operation: string, reason: string, at: string) {
    super(`${program} can't be compiled: ${reason} (operation ${operation}${at}).`);
    this.name = 'UntraceableOperation';
    this.operation = operation;
    this.reason = reason;
  }
}

/** The step is not a pure function of its arguments, so that no engine may compile it. */
export class ImpureStep extends Error {
  /** tfjs's name of what was called: `dataSync`, `randomNormal`, the kernel that got a foreign tensor. */
  readonly operation: string;

  constructor(program: string, operation: string, reason: string, at: string) {
    super(
      `The step of ${program} is not a pure function of its arguments: ${reason} (operation ${operation}${at}).`,
    );
    this.name = 'ImpureStep';
    this.operation = operation;
  }
}

const THIS_FOLDER = fileURLToPath(new URL('.', import.meta.url));

/**
 * ` at file:line:column` of the innermost stack frame outside tfjs and this folder: the line of the
 * step function that called the operation (or `grad`, for an operation of a derivative).
 */
export function callerLine(stack: string | undefined): string {
  for (const frame of (stack ?? '').split('\n')) {
    const place = /^\s+at .*?((?:file:\/\/)?[^\s()]+:\d+:\d+)\)?$/.exec(frame)?.[1];
    const path = place?.replace('file://', '');
    if (path && !/node_modules|node:/.test(path) && !path.startsWith(THIS_FOLDER))
      return ` at ${path}`;
  }
  return '';
}

/** tfjs's name of the innermost of its operations on the stack (its functions end in `_`). */
export function calledOperation(stack: string | undefined): string | undefined {
  return /^\s+at (?:Object\.|Proxy\.)?([a-z]\w*)_ /m.exec(stack ?? '')?.[1];
}
