import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../support/package/dist.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const CHANGES = '### Fixed\n\n- Fix the lock ([#7](https://example.org/7))\n';

const OLDER = `## [1.2.2] - 2026-11-01

### Added

- Add the lock

[1.2.3]: https://example.org/v1.2.3
[1.2.2]: https://example.org/v1.2.2
`;

const CHANGELOG = `# Changelog\n\n## [1.2.3] - 2026-11-24\n\n${CHANGES}\n${OLDER}`;

interface Release {
  readonly tag?: string;
  readonly version?: string;
  readonly locked?: string;
  readonly repository?: string | undefined;
  readonly changelog?: string;
}

/** Runs scripts/check/check-release.mjs on a package. Returns its exit status, stdout and stderr. */
function check(release: Release): [number | null, string, string] {
  const { tag = 'v1.2.3', version = '1.2.3', locked = version, changelog = CHANGELOG } = release;
  const url = 'repository' in release ? release.repository : 'git+https://github.com/some/one.git';
  const directory = temporaryDirectory();
  const write = (name: string, text: string) => writeFileSync(join(directory, name), text);
  write(
    'package.json',
    JSON.stringify({ version, ...(url === undefined ? {} : { repository: { type: 'git', url } }) }),
  );
  write('package-lock.json', JSON.stringify({ version: locked, packages: { '': { version: locked } } }));
  write('CHANGELOG.md', changelog);
  const env = { ...process.env, GITHUB_SERVER_URL: 'https://github.com', GITHUB_REPOSITORY: 'some/one' };
  const script = join(root, 'scripts', 'check', 'check-release.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, tag], {
    cwd: directory,
    env,
    encoding: 'utf8',
  });
  return [status, stdout, stderr];
}

test('a release whose files agree on the version prints its section of the changelog', () => {
  expect(check({})).toEqual([0, CHANGES, '']);
});

test('the oldest version prints only its section, without the links below it', () => {
  const changelog = `# Changelog\n\n${OLDER}`;
  expect(check({ tag: 'v1.2.2', version: '1.2.2', changelog })).toEqual([0, '### Added\n\n- Add the lock\n', '']);
});

test.for<[string, Release, string]>([
  ['a tag of another version', { tag: 'v1.2.4' }, 'package.json has version 1.2.3, but the tag is v1.2.4'],
  ['a tag without its v', { tag: '1.2.3' }, "'1.2.3' is not a release tag"],
  ['a prerelease version', { tag: 'v1.2.3-rc.1', version: '1.2.3-rc.1' }, 'is not a release tag'],
  ['a lock file of another version', { locked: '1.2.2' }, 'package-lock.json does not have version 1.2.3'],
  ['no repository', { repository: undefined }, 'package.json has no repository.url'],
  [
    'another repository',
    { repository: 'git+https://github.com/some/other.git' },
    'package.json has the repository git+https://github.com/some/other.git, but this is git+https://github.com/some/one.git',
  ],
  [
    'changes under no version yet',
    { changelog: CHANGELOG.replace('## [1.2.3]', '## Unreleased\n\n- Change the lock\n\n## [1.2.3]') },
    "CHANGELOG.md begins with 'Unreleased', not with '[1.2.3] - ' and a date",
  ],
  [
    'a changelog without the version',
    { tag: 'v1.3.0', version: '1.3.0' },
    "CHANGELOG.md begins with '[1.2.3] - 2026-11-24', not with '[1.3.0] - '",
  ],
  [
    'a changelog with an empty section',
    { changelog: CHANGELOG.replace(CHANGES, '') },
    'CHANGELOG.md says nothing about 1.2.3',
  ],
  [
    'a version without its date',
    { changelog: CHANGELOG.replace(' - 2026-11-24', '') },
    "CHANGELOG.md begins with '[1.2.3]', not with '[1.2.3] - ' and a date",
  ],
  [
    'a date that does not exist',
    { changelog: CHANGELOG.replace('2026-11-24', '2026-13-24') },
    'CHANGELOG.md has an invalid date for 1.2.3: 2026-13-24',
  ],
])('%s is refused', ([, release, complaint]) => {
  const [status, stdout, stderr] = check(release);
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toContain(complaint);
});
