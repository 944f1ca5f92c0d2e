/** The step can't be compiled because of one operation; it still runs on the eager engine. */
export class UntraceableOperation extends Error {
  /** tfjs's name of the kernel. */
  readonly operation: string;

  constructor(program: string, operation: string, reason: string, at: string) {
    super(`${program} can't be compiled: ${reason} (operation ${operation}${at}).`);
    this.name = 'UntraceableOperation';
    this.operation = operation;
  }
}

/** The step is not a pure function of its arguments, so that no engine may compile it. */
export class ImpureStep extends Error {
  constructor(program: string, reason: string, at: string) {
    super(`The step of ${program} is not a pure function of its arguments: ${reason}${at}.`);
    this.name = 'ImpureStep';
  }
}

/**
 * ` at file:line:column` of the innermost stack frame outside tfjs and this folder: the line of the
 * step function that called the operation (or `grad`, for an operation of a derivative).
 */
export function callerLine(stack: string | undefined): string {
  const frames = (stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const own = frames.find(
    (frame) =>
      !/node_modules|node:|[\\/]engine[\\/]compile[\\/]/.test(frame) && /:\d+:\d+/.test(frame),
  );
  const place = own?.match(/\(?((?:file:\/\/)?[^\s()]+:\d+:\d+)\)?$/)?.[1];
  return place ? ` at ${place.replace('file://', '')}` : '';
}
