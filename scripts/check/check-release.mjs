// `node scripts/check/check-release.mjs v1.2.3` checks that the package in the current folder may be released under a
// tag, and prints its section of the changelog, which becomes the text of the release. RELEASING.md has the rules.

import { readFileSync } from 'node:fs';

const tag = process.argv[2] ?? '';
const { version, repository } = JSON.parse(readFileSync('package.json', 'utf8'));
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const { heading, text } = latestOf(readFileSync('CHANGELOG.md', 'utf8'));

const faults = [
  ...(/^v\d+\.\d+\.\d+$/.test(tag) ? [] : [`'${tag}' is not a release tag such as v1.2.3`]),
  ...(tag === `v${version}` ? [] : [`package.json has version ${version}, but the tag is ${tag}`]),
  ...(lock.version === version
    ? []
    : [`package-lock.json does not have version ${version}: npm install --package-lock-only`]),
  ...findRepositoryFaults(),
  ...findChangelogFaults(),
];
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
else console.log(text);

/** npm refuses a provenance that names another repository than package.json. */
function findRepositoryFaults() {
  const url = repository?.url;
  if (url === undefined) return ['package.json has no repository.url, which a provenance needs'];
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name } = process.env;
  const expected = `git+${server}/${name}.git`;
  if (name === undefined || url === expected) return [];
  return [`package.json has the repository ${url}, but this is ${expected}`];
}

function findChangelogFaults() {
  const [, found, date] = /^\[?(\d+\.\d+\.\d+)\]? - (\d{4}-\d{2}-\d{2})$/.exec(heading) ?? [];
  if (found !== version) {
    return [`CHANGELOG.md begins with '${heading}', not with '[${version}] - ' and a date`];
  }
  if (Number.isNaN(Date.parse(date))) return [`CHANGELOG.md has an invalid date for ${version}: ${date}`];
  return text === '' ? [`CHANGELOG.md says nothing about ${version}`] : [];
}

/** The first section of a changelog: its heading, and the text below it. */
function latestOf(changelog) {
  const [, section = ''] = changelog.split(/^## /m);
  const [first = '', ...rest] = section.split('\n');
  // The last section is followed by the link of each version.
  const lines = rest.filter((line) => !/^\[\d+\.\d+\.\d+\]: /.test(line));
  return { heading: first.trim(), text: lines.join('\n').trim() };
}
