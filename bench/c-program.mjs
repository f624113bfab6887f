// Compiles a C program of c/, which shows what the system calls alone can do.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** The compiled program in `directory`, or undefined where there is no C compiler. */
export function compile(name, directory) {
  const program = join(directory, name);
  try {
    execFileSync('cc', ['-O2', '-o', program, join(import.meta.dirname, 'c', `${name}.c`)], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    return program;
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    console.error('There is no C compiler (cc): without the C program.');
    return undefined;
  }
}
