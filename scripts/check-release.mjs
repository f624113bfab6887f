// Whether the package in this folder may be released as a tag says: `node scripts/check-release.mjs v1.2.3`. Prints what the changelog
// says of it, as the text of the release. RELEASING.md says what has to be true.

import { readFileSync } from 'node:fs';

const tag = process.argv[2] ?? '';
const { version, repository } = JSON.parse(readFileSync('package.json', 'utf8'));
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const { heading, text } = latestOf(readFileSync('CHANGELOG.md', 'utf8'));

const faults = [
  ...(/^v\d+\.\d+\.\d+$/.test(tag) ? [] : [`'${tag}' is no tag of a release, such as v1.2.3`]),
  ...(tag === `v${version}` ? [] : [`package.json has version ${version}, which is not that of the tag ${tag}`]),
  ...(lock.version === version
    ? []
    : [`package-lock.json is not of version ${version}: npm install --package-lock-only`]),
  ...findRepositoryFaults(),
  ...findChangelogFaults(),
];
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
else console.log(text);

/** npm refuses a provenance whose repository is not that of the package. */
function findRepositoryFaults() {
  const url = repository?.url;
  if (url === undefined) return ['package.json has no repository.url, without which there is no provenance'];
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name } = process.env;
  const expected = `git+${server}/${name}.git`;
  if (name === undefined || url === expected) return [];
  return [`package.json has the repository ${url}, and this is ${expected}`];
}

function findChangelogFaults() {
  const [, found, date] = /^\[?(\d+\.\d+\.\d+)\]? - (\d{4}-\d{2}-\d{2})$/.exec(heading) ?? [];
  if (found !== version) {
    return [`CHANGELOG.md begins with '${heading}', not with '[${version}] - ' and the date`];
  }
  if (Number.isNaN(Date.parse(date))) return [`CHANGELOG.md has no date but ${date} for ${version}`];
  return text === '' ? [`CHANGELOG.md says nothing of ${version}`] : [];
}

/** The first section of a changelog: the heading, and what stands below it. */
function latestOf(changelog) {
  const [, section = ''] = changelog.split(/^## /m);
  const [first = '', ...rest] = section.split('\n');
  // What follows are the addresses of all the versions.
  const lines = rest.filter((line) => !/^\[\d+\.\d+\.\d+\]: /.test(line));
  return { heading: first.trim(), text: lines.join('\n').trim() };
}
