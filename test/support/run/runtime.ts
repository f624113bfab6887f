/** What runs this file, and with it the processes that the tests start. */
export const runtime: 'node' | 'bun' | 'deno' =
  'bun' in process.versions ? 'bun' : 'deno' in process.versions ? 'deno' : 'node';

/** What starts this runtime. An emulator runs it where the system cannot: scripts/test/test-platforms.mjs says how to start that. */
const program = process.env['ZJJ_PROGRAM'] ?? process.execPath;

/** The command line by which this runtime does what Node.js does with `args`: a file, or `-e` and a script. */
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
