// run/ is about the test run itself: its runtime, its shared directory, its limits.

/** The runtime that runs this file and the processes that the tests start. */
export const runtime: 'node' | 'bun' | 'deno' =
  'bun' in process.versions ? 'bun' : 'deno' in process.versions ? 'deno' : 'node';

/** The program that starts this runtime. scripts/test/test-platforms.mjs sets ZJJ_PROGRAM if an emulator has to run it. */
const program = process.env['ZJJ_PROGRAM'] ?? process.execPath;

/** The command line that makes this runtime do what Node.js does with `args`: a file, or `-e` and a script. */
export function commandLine(args: readonly string[]): [string, ...string[]] {
  return [program, ...(runtime === 'deno' ? denoArguments(args) : args)];
}

function denoArguments(args: readonly string[]): string[] {
  const at = args.indexOf('-e');
  if (at < 0) return ['run', '-A', ...args];
  const flags = args.slice(0, at);
  const format = flags.includes('--input-type=module') ? 'mjs' : 'cjs';
  const engine = flags.includes('--expose-gc') ? ['--v8-flags=--expose-gc'] : [];
  return ['eval', `--ext=${format}`, ...engine, ...args.slice(at + 1)];
}
