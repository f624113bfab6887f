import { execFileSync } from 'node:child_process';
import { chmodSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type TestContext, test } from 'vitest';
import { type Answer, ConfigWriter } from '../../support/process/config-writer.js';
import { requiresAttaching, traced } from '../../support/process/strace.js';
import { requires } from '../../support/requires/requires.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

// These tests make the system calls fail that copy extended attributes and access control lists to the new file.

const FORMS = ['asynchronous', 'synchronous'] as const;

function startWriter(context: TestContext, form: (typeof FORMS)[number]): ConfigWriter {
  requiresAttaching(context);
  requires(context, ['setfattr', 'setfacl']);
  const writer = new ConfigWriter(join(temporaryDirectory(), 'c.toml'), form);
  writeFileSync(writer.config, 'a = 1\n');
  chmodSync(writer.config, 0o640);
  return writer;
}

/** Sets `a` while the first system call named `call` fails. */
async function setWhileFailing(writer: ConfigWriter, call: string, error: string): Promise<Answer> {
  let answer: Answer | undefined;
  const inject = `inject=${call}:error=${error}:when=1`;
  const calls = await traced([writer.pid], ['-e', `trace=${call}`, '-e', inject], async () => {
    answer = await writer.set('a', 2);
  });
  expect(calls.filter(({ isInjected }) => isInjected)).toHaveLength(1);
  return answer as Answer;
}

test.for(FORMS)('a set fails if an attribute cannot be copied: %s', async (form, context) => {
  const writer = startWriter(context, form);
  execFileSync('setfattr', ['-n', 'user.note', '-v', 'kept', writer.config]);
  await writer.set('b', 1);
  const old = writer.text;
  for (const call of ['listxattr', 'getxattr', 'fsetxattr']) {
    const answer = await setWhileFailing(writer, call, 'ENOSPC');
    expect(answer, call).toMatchObject({ code: 'CONFIG_WRITE', cause: 'ENOSPC', isZjjError: true, leaked: 0 });
    expect([writer.text, writer.litter, writer.isLocked], call).toEqual([old, [], false]);
  }
  expect(await writer.set('a', 2)).toEqual({ leaked: 0 });
  const note = execFileSync('getfattr', ['--only-values', '--absolute-names', '-n', 'user.note', writer.config]);
  expect(note.toString()).toBe('kept');
});

test.for(FORMS)('the group gains no access if an access control list cannot be copied: %s', async (form, context) => {
  const writer = startWriter(context, form);
  // With a list, the group bits of the mode are the mask of the list.
  execFileSync('setfacl', ['-m', 'u:65534:rw,g::-', writer.config]);
  expect(statSync(writer.config).mode & 0o777).toBe(0o660);
  for (const call of ['getxattr', 'fsetxattr']) {
    execFileSync('setfacl', ['-m', 'u:65534:rw,g::-', writer.config]);
    expect(await setWhileFailing(writer, call, 'EIO'), call).toEqual({ leaked: 0 });
    expect(statSync(writer.config).mode & 0o777, call).toBe(0o600);
    await writer.set('a', 1);
  }
});
