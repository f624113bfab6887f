import { dirname, sep } from 'node:path';

/** The folder of this package's code, in src/ and in dist/. Empty in a bundle that is an ES module. */
const OWN_FOLDER = typeof __dirname === 'string' ? dirname(__dirname) + sep : '';

/** How many of this package's functions may be between the caller and the call site, beside the stack's own limit. */
const OWN_FRAMES = 12;

/** Where a call came from, for an error that is made later, when none of the caller's functions runs any more. */
export class CallSite {
  readonly #trace: { readonly stack?: unknown } = {};

  /** @param entry - The function whose caller this is. Without it, the frames of this package are left out later. */
  constructor(entry?: (...args: never[]) => unknown) {
    const limit = Error.stackTraceLimit;
    // Not a number, or 0: the program wants no stacks.
    if (!(limit > 0)) return;
    Error.stackTraceLimit = limit + OWN_FRAMES;
    Error.captureStackTrace(this.#trace, entry ?? CallSite);
    Error.stackTraceLimit = limit;
  }

  /** Gives the error the stack of the call, which begins at the caller. */
  giveTo<E extends Error>(error: E): E {
    const { stack } = this.#trace;
    // A program's own Error.prepareStackTrace may make anything of it.
    const frames = typeof stack === 'string' ? stack.split('\n').filter((line) => /^\s+at /.test(line)) : [];
    const first = frames.findIndex((frame) => !frame.includes(OWN_FOLDER));
    if (first >= 0) error.stack = [`${error.name}: ${error.message}`, ...frames.slice(first)].join('\n');
    return error;
  }
}
