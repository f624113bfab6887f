// Shows the main job: a hundred processes run `zjj config KEY VALUE` on one config at the same time, and all hundred
// keys survive.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const writers = 100;
const command = join(import.meta.dirname, '../dist/cli/main.js');
const home = mkdtempSync(join(tmpdir(), 'zjj-demo-'));
const environment = { HOME: home, PATH: process.env.PATH };

try {
  console.log(`$ for i in $(seq ${writers}); do zjj config stress_key_$i "value_$i" & done; wait`);
  const start = performance.now();
  let done = 0;
  const exits = await Promise.all(
    Array.from({ length: writers }, async (_, index) => {
      const code = await write(index + 1);
      reportProgress(++done);
      return code;
    }),
  );
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const stored = JSON.parse(zjj('--json'));
  const kept = Object.keys(stored).filter((key) => stored[key] === key.replace('stress_key_', 'value_')).length;
  const failures = exits.filter((code) => code !== 0).length;

  console.log(`\n$ zjj config --json | jq 'keys | length'\n${Object.keys(stored).length}\n`);
  console.log(`$ head -n 3 ~/config.toml`);
  console.log(`${readFileSync(join(home, 'config.toml'), 'utf8').split('\n').slice(0, 3).join('\n')}\n`);
  console.log(`${kept} of ${writers} keys kept, ${failures} writers failed, ${seconds} s for ${writers} processes`);
  process.exitCode = kept === writers && failures === 0 ? 0 : 1;
} finally {
  rmSync(home, { recursive: true });
}

function write(number) {
  return new Promise((resolve) => {
    spawn(process.execPath, [command, 'config', `stress_key_${number}`, `value_${number}`], {
      cwd: home,
      env: environment,
      stdio: 'ignore',
    }).on('exit', resolve);
  });
}

function zjj(...args) {
  return spawnSync(process.execPath, [command, 'config', ...args], { cwd: home, env: environment, encoding: 'utf8' })
    .stdout;
}

function reportProgress(done) {
  if (process.stdout.isTTY) process.stdout.write(`\r${done} of ${writers} writers done`);
  else if (done % 10 === 0) console.log(`${done} of ${writers} writers done`);
}
