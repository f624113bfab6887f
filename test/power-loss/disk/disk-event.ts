import { type SystemCall, unescaped } from '../../support/process/strace.js';

/** What one system call did to the tree under test, or what the process under test said. Paths are absolute. */
export type DiskEvent =
  | { readonly kind: 'create'; readonly path: string; readonly mode: number; readonly truncates: boolean }
  | { readonly kind: 'mkdir'; readonly path: string }
  | { readonly kind: 'write'; readonly path: string; readonly data: Buffer; readonly offset: number | undefined }
  | { readonly kind: 'truncate'; readonly path: string; readonly size: number }
  | { readonly kind: 'chmod'; readonly path: string; readonly mode: number }
  | { readonly kind: 'link' | 'rename'; readonly path: string; readonly to: string }
  | { readonly kind: 'unlink'; readonly path: string }
  /** A sync covers what came before it began, and has its effect when it ends. */
  | { readonly kind: 'sync begins' | 'sync ends'; readonly path: string; readonly sync: SystemCall }
  | { readonly kind: 'output'; readonly text: string };

/** The system calls that {@link toEvents} understands, and those that it refuses. */
export const WATCHED = [
  ...['open', 'openat', 'creat', 'mkdir', 'mkdirat', 'link', 'linkat', 'rename', 'renameat', 'renameat2'],
  ...['unlink', 'unlinkat', 'write', 'pwrite64', 'fsync', 'fdatasync', 'ftruncate', 'chmod', 'fchmod'],
  ...['rmdir', 'symlink', 'symlinkat', 'truncate', 'fallocate', 'writev', 'pwritev', 'pwritev2', 'sendfile'],
  ...['copy_file_range', 'sync_file_range', 'sync', 'syncfs'],
];

/** A descriptor with its path, or a string: `3<\x2f…>`, `"\x61"`. */
const ARGUMENT = /(\d+|AT_FDCWD)<([^>]*)>|"([^"]*)"/g;

/**
 * The events of a trace below a directory, in the order of their effects. A name changes when its call begins: another
 * process may see it before strace(1) has reported the end of the call.
 *
 * @param calls - Recorded with the options `-y -xx`. Failed calls have no effect.
 */
export function toEvents(calls: readonly SystemCall[], directory: string): DiskEvent[] {
  const events: { event: DiskEvent; at: number }[] = [];
  for (const call of calls) {
    if (!/^\d/.test(call.result)) continue;
    for (const event of eventsOf(call, directory)) {
      events.push({ event, at: event.kind === 'sync ends' ? call.ends : call.begins });
    }
  }
  return events.sort((one, two) => one.at - two.at).map(({ event }) => event);
}

function eventsOf(call: SystemCall, directory: string): DiskEvent[] {
  const { name, args } = call;
  const [first, second] = [...args.matchAll(ARGUMENT)].filter(([, fd]) => fd !== 'AT_FDCWD');
  if (first === undefined) return [];
  const [, fd, fdPath, string] = first;
  const path = unescaped(fdPath ?? string ?? '').toString();
  if (name === 'write' && fd === '1') return [{ kind: 'output', text: unescaped(second?.[3] ?? '').toString() }];
  const isInside = (one: string) => one === directory || one.startsWith(`${directory}/`);
  if (!isInside(path)) return [];
  const octal = () => Number.parseInt(/, (0[0-7]+)$/.exec(args)?.[1] ?? '0', 8);
  switch (name) {
    case 'openat':
    case 'open':
      if (!args.includes('O_WRONLY') && !args.includes('O_RDWR')) return [];
      return [{ kind: 'create', path, mode: octal() & ~process.umask(), truncates: args.includes('O_TRUNC') }];
    case 'mkdir':
      return [{ kind: 'mkdir', path }];
    case 'link':
    case 'rename':
      return [{ kind: name, path, to: unescaped(second?.[3] ?? '').toString() }];
    case 'unlink':
      return [{ kind: 'unlink', path }];
    case 'write':
    case 'pwrite64': {
      const offset = name === 'write' ? undefined : Number(/, (\d+)$/.exec(args)?.[1]);
      return [{ kind: 'write', path, data: unescaped(second?.[3] ?? '').subarray(0, Number(call.result)), offset }];
    }
    case 'ftruncate':
      return [{ kind: 'truncate', path, size: Number(/, (\d+)$/.exec(args)?.[1]) }];
    case 'chmod':
    case 'fchmod':
      return [{ kind: 'chmod', path, mode: octal() }];
    case 'fsync':
      return [
        { kind: 'sync begins', path, sync: call },
        { kind: 'sync ends', path, sync: call },
      ];
    default:
      // fdatasync, which does not promise the mode, and calls that nothing makes today.
      throw new Error(`cannot replay ${name}(${args.slice(0, 200)})`);
  }
}
