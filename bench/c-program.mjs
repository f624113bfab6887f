// Compiles a C program of c/. These programs show how fast the system calls alone are.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Compiles a program into `directory` and returns its path; undefined if there is no C compiler. */
export function compile(name, directory) {
  const program = join(directory, name);
  try {
    execFileSync('cc', ['-O2', '-o', program, join(import.meta.dirname, 'c', `${name}.c`)], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    return program;
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    console.error('No C compiler (cc): skipping the C program.');
    return undefined;
  }
}
