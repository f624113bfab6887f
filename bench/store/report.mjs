// What was measured, as a table in Markdown and as the charts of a picture; and what is asked of it.

import { format } from '../plot.mjs';
import { target, targetTable } from '../targets.mjs';

/** `results` is what run.mjs gathers. */
export function tables({ sequential, concurrent, large, reads, together, kept }) {
  return [
    '### Sets one after the other, one process',
    '',
    '| | per second | through C | event loop busy |',
    '| --- | --- | --- | --- |',
    ...sequential.map(
      ({ name, perSecond, throughC, busy }) =>
        `| ${name} | ${format(perSecond)} | ${format(throughC)} | ${Number.isNaN(busy) || busy === undefined ? '–' : `${Math.round(busy * 100)} %`} |`,
    ),
    '',
    `### Processes that write one file`,
    '',
    `${together.processes} zjj processes: ${format(together.perSecond)} durable sets per second, mean wait ${format(together.meanMs)} ms, longest ${format(together.longestMs)} ms; the C program: ${format(together.c)}.`,
    '',
    '| | processes × keys | kept, least of all rounds | calls that failed | kept per second |',
    '| --- | --- | --- | --- | --- |',
    ...kept.map(
      ({ name, processes, keys, kept, failed, keptPerSecond }) =>
        `| ${name} | ${processes} × ${keys} | ${kept} of ${processes * keys} | ${failed} | ${format(keptPerSecond)} |`,
    ),
    '',
    '### One process, many keys',
    '',
    `${concurrent.count.toLocaleString('en')} sets at once: ${format(concurrent.perSecond)} per second.`,
    '',
    `A file of 10,000 keys: read and parsed in ${format(large.parseMs)} ms, one key set in ${format(large.setMs)} ms.`,
    '',
    `Reads of one value of an unchanged file, per second: zjj ${format(reads.sync)}, awaited ${format(reads.async)}; conf ${format(reads.peer)}.`,
    '',
  ].join('\n');
}

export function charts({ sequential, kept }) {
  const sizes = [...new Set(kept.map(({ processes, keys }) => `${processes} processes × ${keys} keys`))];
  const ofSizes = (value) =>
    sizes.map((size) => ({
      name: size,
      bars: kept
        .filter(({ processes, keys }) => `${processes} processes × ${keys} keys` === size)
        .map((row) => [row.name, value(row)]),
    }));
  return [
    {
      title: 'Sets one after the other, per second (more is better)',
      groups: [{ name: '', bars: sequential.map(({ name, perSecond }) => [name, perSecond]) }],
    },
    { title: 'Writes kept, least of all rounds (more is better)', groups: ofSizes((row) => row.kept) },
    { title: 'Writes kept per second (more is better)', groups: ofSizes((row) => row.keptPerSecond) },
  ];
}

/** What the project asks of its store, and whether it is so in this run. */
export function targets({ sequential, concurrent, large, reads, together, kept }) {
  const throughC = (name) => sequential.find((each) => each.name === name).throughC;
  const own = kept.filter(({ name }) => name === 'zjj');
  const lost = own.reduce((sum, { processes, keys, kept }) => sum + processes * keys - kept, 0);
  return targetTable([
    target('sequential durable sets through C, at least 0.7', throughC('zjj'), (value) => value >= 0.7),
    target('the same, synchronous form', throughC('zjj, sync'), (value) => value >= 0.7),
    target('concurrent sets per second, at least 10,000', concurrent.perSecond, (value) => value >= 10_000),
    target('8 processes through C, at least 0.6', together.throughC, (value) => value >= 0.6),
    target(
      '8 processes: longest wait through the mean, at most 10',
      together.longestThroughMean,
      (value) => value <= 10,
    ),
    target('a set in a file of 10,000 keys through its parse, at most 2.5', large.ratio, (value) => value <= 2.5),
    target('reads of an unchanged file through conf’s, at least 1', reads.sync / reads.peer, (value) => value >= 1),
    target('the same, awaited', reads.async / reads.peer, (value) => value >= 1),
    target('writes lost', lost, (value) => value === 0),
  ]);
}
