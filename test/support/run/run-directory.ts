import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    readonly runDirectory: string;
  }
}

/** A directory that exists for the whole test run, for files that test files share. */
export default function runDirectory({ provide }: TestProject): () => void {
  const directory = mkdtempSync(join(realpathSync(tmpdir()), 'zjj-run-'));
  provide('runDirectory', directory);
  return () => rmSync(directory, { recursive: true, force: true });
}
