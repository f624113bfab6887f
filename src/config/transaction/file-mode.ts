import { checkFileMode } from '../../lock/internal.js';

/** The permission bits that a call asks for, or none. */
export interface AskedMode {
  readonly fileMode?: number | undefined;
}

const DEFAULT_FILE_MODE = 0o666;

/** @throws RangeError, TypeError: `fileMode` is not a file mode. */
export function fileModeOf({ fileMode }: AskedMode): number | undefined {
  return fileMode === undefined ? undefined : checkFileMode(fileMode);
}

/** The permission bits for a file that calls create together: no wider than any of them asked. The umask applies. */
export function creationMode(calls: Iterable<AskedMode>): number {
  return jointMode(calls, DEFAULT_FILE_MODE);
}

/** The permission bits that a file may keep. A call without a `fileMode` narrows nothing. */
export function widestMode(calls: Iterable<AskedMode>): number {
  return jointMode(calls, 0o777);
}

function jointMode(calls: Iterable<AskedMode>, otherwise: number): number {
  let joint = 0o777;
  for (const { fileMode } of calls) joint &= fileMode ?? otherwise;
  return joint;
}
